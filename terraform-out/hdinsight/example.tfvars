# Examples: replace all of them.
subscription_id = "00000000-0000-0000-0000-000000000000"

ssh_public_keys = [
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLE operator@example.org",
]

gateway_password = "Example-0nly-Never-Used"
