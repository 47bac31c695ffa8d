subscription_id = "00000000-0000-0000-0000-000000000000"
image_version   = "24.04.202510010"

ssh_public_keys = [
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGV4YW1wbGUta2V5LWRvLW5vdC11c2UtaW4tcHJvZCEh ops@example.com",
]
