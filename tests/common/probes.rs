//! Worlds with probes, and what `opsctl probe run` says of them.

use serde_json::Value;

use super::{Outcome, World};

impl World {
    /// A world whose service `api` has these probes, by id.
    pub fn with_probes(probes: &str) -> Self {
        let world = Self::new();
        world.set_probes(probes);
        world
    }

    /// Gives the service `api` these probes in place of those it had.
    pub fn set_probes(&self, probes: &str) {
        let indented = probes.lines().map(|line| format!("      {line}\n")).collect::<Vec<_>>().concat();
        self.write("opsctl.yaml", &format!("title: Test\nservices:\n  api:\n    title: API\n    probes:\n{indented}"));
    }

    /// What probes saw.
    #[track_caller]
    pub fn look(&self, selectors: &[&str]) -> Seen {
        self.look_with(selectors, &[])
    }

    /// What probes saw in an environment.
    #[track_caller]
    pub fn look_with(&self, selectors: &[&str], env: &[(&str, &str)]) -> Seen {
        let outcome = self.run_with_env(&[&["-o", "json", "probe", "run"], selectors].concat(), env);
        let all = outcome.json().as_array().unwrap_or_else(|| panic!("no list: {outcome}")).clone();
        Seen { all, outcome }
    }
}

/// What probes saw.
pub struct Seen {
    /// In the order of the workspace.
    pub all: Vec<Value>,
    /// How the program ended.
    pub outcome: Outcome,
}

impl Seen {
    /// What the probe of an id saw.
    #[track_caller]
    pub fn of(&self, id: &str) -> &Value {
        let found = self.all.iter().find(|one| one["id"] == id);
        found.unwrap_or_else(|| panic!("no probe {id}: {}", self.outcome))
    }

    /// The ids of those that are not up, with their states and what is wrong.
    pub fn not_up(&self) -> Vec<String> {
        let bad = self.all.iter().filter(|one| one["state"] != "up");
        bad.map(|one| format!("{} {} {} {}", one["id"], one["state"], one["error"], one["conditions"])).collect()
    }

    /// Fails unless the probe is down with this error.
    #[track_caller]
    pub fn is_down(&self, id: &str, error: &str) {
        let one = self.of(id);
        assert_eq!(one["state"], "down", "{one}");
        let said = one["error"].as_str().unwrap_or_default();
        assert!(said.contains(error), "`{error}` is not in: {said}");
    }

    /// The state of a probe.
    #[track_caller]
    pub fn state(&self, id: &str) -> &str {
        self.of(id)["state"].as_str().unwrap_or_default()
    }
}
