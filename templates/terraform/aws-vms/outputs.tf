output "zookeeper_addresses" {
  provision_when = provision.zookeeper
  description = "Addresses of the ZooKeeper members by id."
  value       = { for id, interface in aws_network_interface.zookeeper : id => interface.private_ip }
}

output "zookeeper_connect" {
  provision_when = provision.zookeeper
  description = "Connect string with every member, as Spark takes it."
  value       = provision.zookeeper_connect
}

output "zookeeper_sessions" {
  provision_when = provision.zookeeper
  description = "A shell on each member through Session Manager, from anywhere."
  value       = { for id, machine in aws_instance.zookeeper : id => "aws ssm start-session --region ${provision.region} --target ${machine.id}" }
}

output "master_addresses" {
  provision_when = provision.spark
  description = "Addresses of the Spark masters by number."
  value       = { for id, interface in aws_network_interface.masters : id => interface.private_ip }
}

output "master_url" {
  provision_when = provision.spark
  description = "What --master takes: all masters, whichever is active."
  value       = provision.master_url
}

output "master_sessions" {
  provision_when = provision.spark
  description = "A shell on each master through Session Manager, from anywhere."
  value       = { for id, machine in aws_instance.masters : id => "aws ssm start-session --region ${provision.region} --target ${machine.id}" }
}

output "ssh_config" {
  provision_when = provision.reached
  description = "For ~/.ssh/config: takes ssh to the addresses, and with it `provision plan`, through Session Manager."
  value = templatefile("${path.module}/ssh_config.tftpl", {
    hosts   = provision.fixed_addresses
    user    = provision.user
    region  = provision.region
    cluster = provision.cluster
    vpc     = provision.vpc
  })
}

output "vpc_id" {
  description = "Id of the VPC, for peerings."
  value       = provision.vpc
}

output "zookeeper_subnet_ids" {
  provision_when = provision.zookeeper
  description = "Ids of the members' subnets, by zone."
  value       = { for zone, subnet in provision.zookeeper_in : zone => subnet.id }
}

output "spark_subnet_ids" {
  provision_when = provision.spark
  description = "Ids of the masters' and the workers' subnets, by zone."
  value       = { masters = { for zone, subnet in provision.masters_in : zone => subnet.id }, workers = { for zone, subnet in provision.workers_in : zone => subnet.id } }
}

output "zookeeper_security_group_id" {
  provision_when = provision.zookeeper
  description = "Id of the members' security group."
  value       = aws_security_group.zookeeper.id
}

output "spark_security_group_ids" {
  provision_when = provision.spark
  description = "Ids of the masters' and the workers' security group."
  value       = { masters = aws_security_group.masters.id, workers = aws_security_group.workers.id }
}

output "zookeeper_role_arn" {
  provision_when = provision.zookeeper
  description = "ARN of the members' role."
  value       = aws_iam_role.zookeeper.arn
}

output "spark_role_arns" {
  provision_when = provision.spark
  description = "ARNs of the masters' and the workers' role."
  value       = { masters = aws_iam_role.masters.arn, workers = aws_iam_role.workers.arn }
}

output "worker_fleet_arn" {
  provision_when = provision.spark
  description = "ARN of the workers' auto scaling group."
  value       = aws_autoscaling_group.workers.arn
}

output "bucket_arn" {
  provision_when = provision.storage
  description = "ARN of the bucket."
  value       = aws_s3_bucket.main.arn
}

output "kms_key_arn" {
  description = "ARN of the key that disks and logs are encrypted with."
  value       = provision.key
}
