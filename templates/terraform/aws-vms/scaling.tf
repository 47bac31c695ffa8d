# Scales out fast: two machines at a time, on either measure. Machines that are still warming up count as capacity.
resource "aws_autoscaling_policy" "workers_out" {
  provision_when = provision.autoscales
  name                    = "${provision.name}-workers-out"
  autoscaling_group_name  = aws_autoscaling_group.workers.name
  policy_type             = "StepScaling"
  adjustment_type         = "ChangeInCapacity"
  metric_aggregation_type = "Average"

  step_adjustment {
    metric_interval_lower_bound = "0"
    scaling_adjustment          = 2
  }
}

# Scales in slowly: one machine at a time. The group still counts a worker that is draining, so that the next alarm does not remove another; and the alarm below
# stays silent until no worker has left for the whole of its window.
resource "aws_autoscaling_policy" "workers_in" {
  provision_when = provision.autoscales
  name                    = "${provision.name}-workers-in"
  autoscaling_group_name  = aws_autoscaling_group.workers.name
  policy_type             = "StepScaling"
  adjustment_type         = "ChangeInCapacity"
  metric_aggregation_type = "Maximum"

  step_adjustment {
    metric_interval_lower_bound = "0"
    scaling_adjustment          = -1
  }
}

resource "aws_cloudwatch_metric_alarm" "workers_cpu_out" {
  provision_when = provision.cpu_scales
  alarm_name          = "${provision.name}-workers-cpu-out"
  alarm_description   = "Workers' CPU is above ${provision.cpu_out} % over ${provision.minutes} minutes: more workers."
  namespace           = "AWS/EC2"
  metric_name         = "CPUUtilization"
  statistic           = "Average"
  period              = provision.window
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = provision.cpu_out
  alarm_actions       = [aws_autoscaling_policy.workers_out.arn]

  dimensions = {
    AutoScalingGroupName = aws_autoscaling_group.workers.name
  }
}

resource "aws_cloudwatch_metric_alarm" "workers_memory_out" {
  provision_when = provision.memory_scales
  alarm_name          = "${provision.name}-workers-memory-out"
  alarm_description   = "Workers' memory is above ${provision.memory_out} % over ${provision.minutes} minutes: more workers."
  namespace           = "CWAgent"
  metric_name         = "mem_used_percent"
  statistic           = "Average"
  period              = provision.window
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = provision.memory_out
  alarm_actions       = [aws_autoscaling_policy.workers_out.arn]

  dimensions = {
    AutoScalingGroupName = aws_autoscaling_group.workers.name
  }
}

# One alarm for all measures: an idle CPU alone must not take workers whose memory is in use.
resource "aws_cloudwatch_metric_alarm" "workers_in" {
  provision_when = provision.autoscales
  alarm_name          = "${provision.name}-workers-in"
  alarm_description   = "Workers were idle (${provision.idle}) for ${provision.minutes_in} minutes, and no worker was being removed: fewer workers."
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  alarm_actions       = [aws_autoscaling_policy.workers_in.arn]

  metric_query {
    id          = "idle"
    expression  = "IF(${provision.idle} AND leaving == 0, 1, 0)"
    label       = "idle"
    return_data = true
  }

  metric_query {
    provision_when = provision.cpu_scales
    id = "cpu"

    metric {
      namespace   = "AWS/EC2"
      metric_name = "CPUUtilization"
      stat        = "Average"
      period      = provision.window_in

      dimensions = {
        AutoScalingGroupName = aws_autoscaling_group.workers.name
      }
    }
  }

  metric_query {
    provision_when = provision.memory_scales
    id = "memory"

    metric {
      namespace   = "CWAgent"
      metric_name = "mem_used_percent"
      stat        = "Average"
      period      = provision.window_in

      dimensions = {
        AutoScalingGroupName = aws_autoscaling_group.workers.name
      }
    }
  }

  metric_query {
    id = "leaving"

    metric {
      namespace   = "AWS/AutoScaling"
      metric_name = "GroupTerminatingInstances"
      stat        = "Maximum"
      period      = provision.window_in

      dimensions = {
        AutoScalingGroupName = aws_autoscaling_group.workers.name
      }
    }
  }
}
