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
  description = "For ~/.ssh/config: plain ssh to the addresses, and so `provision plan`, through Session Manager."
  value = templatefile("${path.module}/ssh_config.tftpl", {
    hosts   = ["10.21.8.11", "10.21.9.12", "10.21.10.13", "10.21.4.11", "10.21.5.12", "10.21.6.13"]
    user    = "ubuntu"
    region  = "eu-west-1"
    cluster = "analytics"
  })
}
