account_id = "123456789012"

admin_principal_arns = [
  "arn:aws:iam::123456789012:role/example-platform-admin",
]
