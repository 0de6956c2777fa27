//! The JSON: Statuspage's shapes.

use serde_json::Value;

use opsctl::view::page::files;

use crate::{folder, sample};

#[track_caller]
fn json(path: &str) -> Value {
    serde_json::from_str(&folder::text(&sample::busy(), path)).unwrap()
}

#[test]
fn the_summary_is_as_it_always_was() {
    insta::assert_snapshot!(format!("{:#}", json("api/v2/summary.json")));
}

#[test]
fn every_file_is_there() {
    let paths: Vec<String> = files(&sample::busy()).into_iter().map(|(path, _)| path).collect();
    insta::assert_snapshot!(paths.join("\n"));
}

#[test]
fn every_list_has_its_members() {
    let ids = |path: &str, list: &str| -> Vec<String> {
        let all = json(path);
        assert_eq!(all["page"]["name"], "Lighthouse", "{path}");
        all[list].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids("api/v2/components.json", "components"), ["api", "site", "mail", "search"]);
    assert_eq!(ids("api/v2/incidents.json", "incidents"), ["INC-12", "INC-11"]);
    assert_eq!(ids("api/v2/incidents/unresolved.json", "incidents"), ["INC-12"]);
    let planned = "scheduled_maintenances";
    assert_eq!(ids("api/v2/scheduled-maintenances.json", planned), ["MNT-2", "MNT-1"]);
    assert_eq!(ids("api/v2/scheduled-maintenances/upcoming.json", planned), ["MNT-2"]);
    assert_eq!(ids("api/v2/scheduled-maintenances/active.json", planned), [""; 0]);
    let status = json("api/v2/status.json");
    assert_eq!(status["status"], serde_json::json!({"indicator": "major", "description": "Partial System Outage"}));
}

#[test]
fn what_nobody_knows_is_never_said_to_be_well() {
    let mut page = sample::calm();
    page.services = vec![sample::unknown("search", "Search")];
    let index = folder::text(&page, "index.html");
    assert!(!index.contains("Operational</span>") && index.contains("Status Unknown"), "{index}");
    assert!(index.contains("33\u{a0}% of the time is known"), "{index}");
    let summary: Value = serde_json::from_str(&folder::text(&page, "api/v2/summary.json")).unwrap();
    assert_eq!(summary["status"]["description"], "Status Unknown");
    assert_eq!(summary["components"][0]["known"], false);
}
