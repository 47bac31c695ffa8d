variable "account_id" {
  description = "AWS account that the cluster is built in."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "An AWS account id is 12 digits."
  }
}

variable "admin_principal_arns" {
  description = "IAM roles or users who administer the cluster. Whoever runs Terraform gets no access by that alone."
  type        = set(string)

  validation {
    condition     = length(var.admin_principal_arns) > 0
    error_message = "Without an administrator nobody could reach the Kubernetes API."
  }

  validation {
    condition     = alltrue([for arn in var.admin_principal_arns : can(regex("^arn:aws:iam::[0-9]{12}:(role|user)/.+$", arn))])
    error_message = "Each must be the ARN of an IAM role or user (arn:aws:iam::<account>:role/<name>), not of an assumed-role session."
  }
}
