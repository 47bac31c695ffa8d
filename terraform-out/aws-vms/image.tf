# insecure_value, because an image id is no secret and a plan must show it.
data "aws_ssm_parameter" "ubuntu" {
  name = "/aws/service/canonical/ubuntu/server/24.04/stable/${var.image_serial}/amd64/hvm/ebs-gp3/ami-id"
}
