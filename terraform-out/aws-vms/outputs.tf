output "zookeeper_addresses" {
  description = "Addresses of the ZooKeeper members by id."
  value       = { for id, interface in aws_network_interface.zookeeper : id => interface.private_ip }
}

output "zookeeper_connect" {
  description = "Connect string with every member, as Spark takes it."
  value       = "10.21.4.11:2181,10.21.5.12:2181,10.21.6.13:2181"
}

output "zookeeper_sessions" {
  description = "A shell on each member through Session Manager, from anywhere."
  value       = { for id, machine in aws_instance.zookeeper : id => "aws ssm start-session --region eu-west-1 --target ${machine.id}" }
}

output "master_addresses" {
  description = "Addresses of the Spark masters by number."
  value       = { for id, interface in aws_network_interface.masters : id => interface.private_ip }
}

output "master_url" {
  description = "What --master takes: all masters, whichever is active."
  value       = "spark://10.21.8.11:7077,10.21.9.12:7077,10.21.10.13:7077"
}

output "master_sessions" {
  description = "A shell on each master through Session Manager, from anywhere."
  value       = { for id, machine in aws_instance.masters : id => "aws ssm start-session --region eu-west-1 --target ${machine.id}" }
}

output "ssh_config" {
  description = "For ~/.ssh/config: takes ssh to the addresses, and with it `provision plan`, through Session Manager."
  value = templatefile("${path.module}/ssh_config.tftpl", {
    hosts   = ["10.21.8.11", "10.21.9.12", "10.21.10.13", "10.21.4.11", "10.21.5.12", "10.21.6.13"]
    user    = "ubuntu"
    region  = "eu-west-1"
    cluster = "analytics"
    vpc     = aws_vpc.main.id
  })
}

output "vpc_id" {
  description = "Id of the VPC, for peerings."
  value       = aws_vpc.main.id
}

output "zookeeper_subnet_ids" {
  description = "Ids of the members' subnets, by zone."
  value       = { for zone, subnet in aws_subnet.zookeeper : zone => subnet.id }
}

output "spark_subnet_ids" {
  description = "Ids of the masters' and the workers' subnets, by zone."
  value       = { masters = { for zone, subnet in aws_subnet.masters : zone => subnet.id }, workers = { for zone, subnet in aws_subnet.workers : zone => subnet.id } }
}

output "zookeeper_security_group_id" {
  description = "Id of the members' security group."
  value       = aws_security_group.zookeeper.id
}

output "spark_security_group_ids" {
  description = "Ids of the masters' and the workers' security group."
  value       = { masters = aws_security_group.masters.id, workers = aws_security_group.workers.id }
}

output "zookeeper_role_arn" {
  description = "ARN of the members' role."
  value       = aws_iam_role.zookeeper.arn
}

output "spark_role_arns" {
  description = "ARNs of the masters' and the workers' role."
  value       = { masters = aws_iam_role.masters.arn, workers = aws_iam_role.workers.arn }
}

output "worker_fleet_arn" {
  description = "ARN of the workers' auto scaling group."
  value       = aws_autoscaling_group.workers.arn
}

output "bucket_arn" {
  description = "ARN of the bucket."
  value       = aws_s3_bucket.main.arn
}

output "kms_key_arn" {
  description = "ARN of the key that disks and logs are encrypted with."
  value       = aws_kms_key.main.arn
}
