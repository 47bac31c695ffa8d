subscription_id        = "00000000-0000-0000-0000-000000000000"
admin_group_object_ids = ["11111111-1111-1111-1111-111111111111"]
registry_name          = "exampleanalytics"
