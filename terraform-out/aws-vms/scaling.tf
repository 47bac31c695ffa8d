# Scales out fast: two machines at a time, on either measure. Machines that are still warming up count as capacity.
resource "aws_autoscaling_policy" "workers_out" {
  name                    = "analytics-workers-out"
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
  name                    = "analytics-workers-in"
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
  alarm_name          = "analytics-workers-cpu-out"
  alarm_description   = "Workers' CPU is above 75 % over 10 minutes: more workers."
  namespace           = "AWS/EC2"
  metric_name         = "CPUUtilization"
  statistic           = "Average"
  period              = 600
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 75
  alarm_actions       = [aws_autoscaling_policy.workers_out.arn]

  dimensions = {
    AutoScalingGroupName = aws_autoscaling_group.workers.name
  }
}

resource "aws_cloudwatch_metric_alarm" "workers_memory_out" {
  alarm_name          = "analytics-workers-memory-out"
  alarm_description   = "Workers' memory is above 85 % over 10 minutes: more workers."
  namespace           = "CWAgent"
  metric_name         = "mem_used_percent"
  statistic           = "Average"
  period              = 600
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 85
  alarm_actions       = [aws_autoscaling_policy.workers_out.arn]

  dimensions = {
    AutoScalingGroupName = aws_autoscaling_group.workers.name
  }
}

# One alarm for all measures: an idle CPU alone must not take workers whose memory is in use.
resource "aws_cloudwatch_metric_alarm" "workers_in" {
  alarm_name          = "analytics-workers-in"
  alarm_description   = "Workers were idle (cpu < 25 AND memory < 40) for 10 minutes, and no worker was being removed: fewer workers."
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  alarm_actions       = [aws_autoscaling_policy.workers_in.arn]

  metric_query {
    id          = "idle"
    expression  = "IF(cpu < 25 AND memory < 40 AND leaving == 0, 1, 0)"
    label       = "idle"
    return_data = true
  }

  metric_query {
    id = "cpu"

    metric {
      namespace   = "AWS/EC2"
      metric_name = "CPUUtilization"
      stat        = "Average"
      period      = 600

      dimensions = {
        AutoScalingGroupName = aws_autoscaling_group.workers.name
      }
    }
  }

  metric_query {
    id = "memory"

    metric {
      namespace   = "CWAgent"
      metric_name = "mem_used_percent"
      stat        = "Average"
      period      = 600

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
      period      = 600

      dimensions = {
        AutoScalingGroupName = aws_autoscaling_group.workers.name
      }
    }
  }
}
