storage_account_name   = "exampleevents"
