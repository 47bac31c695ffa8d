# insecure_value, because an image id is no secret and a plan must show it.
data "aws_ssm_parameter" "ubuntu" {
  provision_when = provision.ubuntu
  name = "/aws/service/canonical/ubuntu/server/${provision.ubuntu_release}/stable/${var.image_serial}/amd64/hvm/ebs-gp3/ami-id"
}
