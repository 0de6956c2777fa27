//! `opsctl schema`.

use crate::common::World;

#[test]
fn every_kind_has_a_schema() {
    let world = World::new();
    for (kind, key) in [
        ("runbook", "symptoms"),
        ("checklist", "schedule"),
        ("playbook", "success_criteria"),
        ("template", "fields"),
        ("workspace", "severities"),
    ] {
        let schema = world.run(&["schema", kind]).exits(0).json();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        assert!(schema["properties"][key].is_object(), "{kind} has no {key}");
        assert_eq!(world.json(&["schema", kind]), schema);
    }
}

#[test]
fn a_key_of_another_kind_is_in_no_schema() {
    let world = World::new();
    assert!(world.json(&["schema", "runbook"])["properties"]["schedule"].is_null());
    assert!(world.json(&["schema", "checklist"])["properties"]["symptoms"].is_null());
}

#[test]
fn a_word_that_is_no_kind_is_wrong_usage() {
    World::new().run(&["schema", "runbok"]).exits(2).says(&["runbok", "runbook"]);
}
