registry_name          = "exampleanalytics"
