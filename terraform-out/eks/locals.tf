locals {
  tags = {
    provision-cluster = "analytics"
    managed-by        = "provision"
  }

  zones = {
    a = { name = "eu-west-1a", public = "10.41.0.0/24", nodes = "10.41.128.0/19" }
    b = { name = "eu-west-1b", public = "10.41.1.0/24", nodes = "10.41.160.0/19" }
    c = { name = "eu-west-1c", public = "10.41.2.0/24", nodes = "10.41.192.0/19" }
  }

  # The zone of the NAT gateway that each zone goes out through.
  nat_zones = { a = "a", b = "b", c = "c" }

  pools = {
    executors = { size = "r7i.2xlarge", disk = 200, throughput = 250 }
    system    = { size = "m7i.large", disk = 50, throughput = 125 }
  }

  pod_roles = {
    vpc-cni            = { namespace = "kube-system", service_account = "aws-node" }
    ebs-csi            = { namespace = "kube-system", service_account = "ebs-csi-controller-sa" }
    cluster-autoscaler = { namespace = "kube-system", service_account = "cluster-autoscaler" }
    spark              = { namespace = "spark", service_account = "spark" }
  }
}
