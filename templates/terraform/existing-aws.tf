data "aws_vpc" "existing" {
  provision_when = provision.existing_network
  id = provision.existing_vpc

  lifecycle {
    postcondition {
      condition     = self.enable_dns_support && self.enable_dns_hostnames
      error_message = "The VPC must have DNS resolution and DNS hostnames on: the names of the cluster are in a private zone."
    }
  }
}
