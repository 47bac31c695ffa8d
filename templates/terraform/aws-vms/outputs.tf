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
  description = "For ~/.ssh/config: plain ssh to the addresses, and so `provision plan`, through Session Manager."
  value = templatefile("${path.module}/ssh_config.tftpl", {
    hosts   = provision.fixed_addresses
    user    = provision.user
    region  = provision.region
    cluster = provision.cluster
  })
}
