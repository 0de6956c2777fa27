//! JSON Schemas for editors and for our own validation, generated from the raw types.

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Value as Json, json};

use super::files::FileKind;
use super::model::ProcedureKind;
use super::raw::{KEYS_OF_ONE_KIND, RawProcedure, RawTemplate, RawWorkspace};

/// The kinds that have a schema, as [`schema`] takes them.
pub const KINDS: [&str; 5] = ["runbook", "checklist", "playbook", "template", "workspace"];

/// The JSON Schema of one kind of file for editors; none for a word that is no kind.
pub fn schema(kind: &str) -> Option<Json> {
    let kind = FileKind::WITH_FOLDER.into_iter().chain([FileKind::Settings]).find(|known| known.word() == kind)?;
    let mut schema = whole(kind);
    if let FileKind::Procedure(kind) = kind {
        only_keys_of(kind, &mut schema);
    }
    schema["title"] = json!(format!("opsctl {}", kind.word()));
    schema["description"] = json!(description(kind));
    Some(schema)
}

/// The schema of everything that the reader accepts for a kind of file, keys of other kinds included.
pub fn whole(kind: FileKind) -> Json {
    match kind {
        FileKind::Procedure(_) => of::<RawProcedure>(),
        FileKind::Template => of::<RawTemplate>(),
        FileKind::Settings => of::<RawWorkspace>(),
    }
}

fn of<T: JsonSchema>() -> Json {
    SchemaGenerator::new(SchemaSettings::draft2020_12()).into_root_schema_for::<T>().to_value()
}

fn only_keys_of(kind: ProcedureKind, schema: &mut Json) {
    let Some(properties) = schema["properties"].as_object_mut() else { return };
    for (key, owner) in KEYS_OF_ONE_KIND {
        if owner != kind.word() {
            properties.shift_remove(key);
        }
    }
}

fn description(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Procedure(ProcedureKind::Runbook) => "What to do when something is wrong: a run per execution.",
        FileKind::Procedure(ProcedureKind::Checklist) => "What to look at again and again: a run per period.",
        FileKind::Procedure(ProcedureKind::Playbook) => "How something larger is done: a run per subject.",
        FileKind::Template => "A message with fields.",
        FileKind::Settings => "The settings of a workspace.",
    }
}

#[cfg(test)]
mod tests {
    use super::{KINDS, schema};

    #[test]
    fn every_kind_has_its_own_keys() {
        let keys =
            |kind: &str| schema(kind).unwrap()["properties"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert!(keys("runbook").contains(&"symptoms".to_owned()) && !keys("runbook").contains(&"schedule".to_owned()));
        assert!(keys("checklist").contains(&"due".to_owned()) && !keys("checklist").contains(&"symptoms".to_owned()));
        assert!(keys("playbook").contains(&"tiers".to_owned()) && keys("playbook").contains(&"phases".to_owned()));
        assert_eq!(keys("workspace")[0], "title");
        assert!(schema("recipe").is_none());
    }

    #[test]
    fn every_schema_can_be_used_by_an_editor() {
        for kind in KINDS {
            let schema = schema(kind).unwrap();
            assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
            assert_eq!(schema["title"], format!("opsctl {kind}"));
            assert_eq!(schema["additionalProperties"], false, "{kind}");
            let text = schema.to_string();
            for reference in text.split("\"$ref\":\"#/$defs/").skip(1) {
                let name = reference.split('"').next().unwrap();
                assert!(!schema["$defs"][name].is_null(), "{kind}: {name}");
            }
            for (name, property) in schema["properties"].as_object().unwrap() {
                assert!(property["description"].is_string(), "{kind}: {name} has no description");
            }
        }
    }

    // The files that editors read are printed by `opsctl schema KIND`.
    #[test]
    fn the_files_for_editors_are_current() {
        for kind in KINDS {
            let path = format!("{}/schemas/{kind}.json", env!("CARGO_MANIFEST_DIR"));
            let file: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            assert_eq!(file, schema(kind).unwrap(), "run `opsctl schema {kind} > schemas/{kind}.json`");
        }
    }
}
