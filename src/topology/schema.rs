//! The JSON Schema of the language, for editors.

use super::TopologyFile;

/// Made from the very types that the decoder fills.
pub fn schema() -> String {
    let schema =
        schemars::generate::SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<TopologyFile>();
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema is plain JSON");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    #[test]
    fn every_property_is_described() {
        fn walk(value: &Value, at: &str, bare: &mut Vec<String>) {
            let Some(object) = value.as_object() else { return };
            for (name, property) in object.get("properties").and_then(Value::as_object).into_iter().flatten() {
                if property.get("description").is_none_or(|text| text.as_str().is_none_or(|text| text.len() < 10)) {
                    bare.push(format!("{at}.{name}"));
                }
            }
            for (name, inner) in object {
                walk(inner, &format!("{at}.{name}"), bare);
            }
        }
        let mut bare = Vec::new();
        walk(&serde_json::from_str(&super::schema()).expect("JSON"), "", &mut bare);
        assert!(bare.is_empty(), "not described: {bare:#?}");
    }
}
