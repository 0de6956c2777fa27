//! `opsctl severity`, `objective` and `dashboard`.

use serde_json::json;

use crate::common::World;

/// A workspace with the handbook's settings.
fn pack() -> World {
    let world = World::new();
    std::fs::remove_file(world.path("opsctl.yaml")).unwrap();
    world.run(&["init", "."]).exits(0);
    world
}

#[test]
fn severities_are_listed_with_what_makes_them() {
    let world = pack();
    let text = world.run(&["severity", "list"]).exits(0).stdout;
    for part in [
        "P0 Critical · response time: Immediate · customers are informed\n  First public update within 15m, then every 30m\n  Needs an incident commander\n  - Service completely down",
        "P2 Medium · response time: < 4 hours\n",
    ] {
        assert!(text.contains(part), "{text}");
    }
    let json = world.json(&["severity", "list"]);
    assert_eq!(json.as_array().unwrap().len(), 4);
    assert_eq!(
        json[3],
        json!({
            "id": "P3",
            "title": "Low",
            "criteria": ["Cosmetic issue", "Enhancement request", "Documentation issue"],
            "respond_within": "1d",
            "response_time": "< 24 hours",
            "inform_customers": false,
            "first_update_within": null,
            "update_every": null,
            "needs_commander": false,
            "escalate": null
        })
    );
}

#[test]
fn objectives_stand_in_groups() {
    let world = pack();
    let text = world.run(&["objective", "list"]).exits(0).stdout;
    let at = |word: &str| text.find(word).unwrap_or_else(|| panic!("{word} is missing: {text}"));
    assert!(at("Operational\n") < at("Availability") && at("Error Rate") < at("Customer\n"), "{text}");
    assert_eq!(
        world.json(&["objective", "list"])[0],
        json!({
            "id": "availability",
            "title": "Availability",
            "group": "operational",
            "target": "99.9% uptime",
            "measurement": "Health check endpoints",
            "alert": "< 99.5%"
        })
    );
}

#[test]
fn dashboards_are_listed_and_shown() {
    let world = pack();
    let text = world.run(&["dashboard", "list"]).exits(0).stdout;
    assert!(text.contains("Health Dashboard") && text.contains("business"), "{text}");
    let ids: Vec<_> = world.json(&["dashboard", "list"]).as_array().unwrap().iter().map(|d| d["id"].clone()).collect();
    assert_eq!(ids, ["health", "performance", "business"]);
    let text = world.run(&["dashboard", "show", "performance"]).exits(0).stdout;
    assert!(text.contains("Metrics\n  - API response times\n") && text.contains("Visualizations\n"), "{text}");
    assert!(!text.contains("Alerts"), "{text}");
    let json = world.json(&["dashboard", "show", "performance"]);
    assert_eq!(json["visualizations"][3], "Cache hit rates");
    assert_eq!(json["alerts"], json!([]));
}

#[test]
fn an_unknown_dashboard_is_wrong_usage_with_what_was_perhaps_meant() {
    let world = pack();
    world.run(&["dashboard", "show", "helth"]).exits(2).says(&["no dashboard `helth`", "did you mean `health`?"]);
    world.run(&["dashboard", "show"]).exits(2);
    world.run(&["severity"]).exits(2);
}

#[test]
fn where_there_are_none_it_is_said() {
    let world = World::new();
    world.write("opsctl.yaml", "title: Bare\n");
    for noun in ["dashboard", "objective", "severity"] {
        let outcome = world.run(&["-o", "json", noun, "list"]).exits(0).says(&["There are no"]);
        assert_eq!(outcome.json(), json!([]));
    }
    world.run(&["dashboard", "show", "health"]).exits(2).says(&["there are none in this workspace"]);
}

#[test]
fn one_broken_file_does_not_hide_the_others() {
    let world = World::new();
    world.runbook("broken", "stpes: [x]\n");
    let outcome = world.run(&["severity", "list"]).exits(0).says(&["runbooks/broken.yaml", "opsctl lint"]);
    assert!(outcome.stdout.contains("P1 High"), "{outcome}");
}
