//! What expressions and templates can see at a step.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::engine::plan::Plan;
use crate::engine::state::{Kept, State, StepStatus};
use crate::ground::{Time, rfc3339};

/// What the engine is told about the world.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The moment.
    pub now: Time,
    /// The incident the run belongs to, as templates see it.
    pub incident: Option<Value>,
    /// Secret values held in memory, by scope and name; they are in no event.
    pub secrets: BTreeMap<(String, String), String>,
}

impl Facts {
    /// A secret value, if it is held.
    pub fn secret(&self, scope: &str, name: &str) -> Option<&str> {
        self.secrets.get(&(scope.to_owned(), name.to_owned())).map(String::as_str)
    }
}

/// The values that are known in a scope, secrets included when they are held.
pub fn values(state: &State, facts: &Facts, scope: &str) -> BTreeMap<String, String> {
    let Some(kept) = state.values.get(scope) else { return BTreeMap::new() };
    kept.iter()
        .filter_map(|(name, value)| {
            let value = match value {
                Kept::Plain(value) => value.clone(),
                Kept::Secret => facts.secret(scope, name)?.to_owned(),
            };
            Some((name.clone(), value))
        })
        .collect()
}

/// Everything an expression at a step of `scope` can name: parameters and captured values, `steps`, `run`,
/// `incident` (when there is one) and `now`.
pub fn context(state: &State, facts: &Facts, scope: &str) -> Value {
    let mut context = Map::new();
    context.insert("steps".into(), steps(&state.plan, state, scope));
    context.insert(
        "run".into(),
        json!({
            "id": state.id,
            "procedure": state.header.procedure,
            "subject": state.header.subject,
            "period": state.header.period,
            "started": rfc3339(state.started_at),
            "actor": state.actor,
        }),
    );
    context.insert("now".into(), Value::String(rfc3339(facts.now)));
    if let Some(incident) = &facts.incident {
        context.insert("incident".into(), incident.clone());
    }
    for (name, value) in values(state, facts, scope) {
        context.insert(name, Value::String(value));
    }
    Value::Object(context)
}

fn steps(plan: &Plan, state: &State, scope: &str) -> Value {
    let mut steps = Map::new();
    for (planned, step) in plan.steps.iter().zip(&state.steps).filter(|(planned, _)| planned.scope == scope) {
        let facts = json!({
            "status": status_word(step.status),
            "exit_code": step.exit_code,
            "chosen": step.chosen,
            "reason": step.reason,
        });
        steps.insert(planned.step.id.clone(), facts);
    }
    Value::Object(steps)
}

/// A step's status in the words of the JSON contract.
pub const fn status_word(status: StepStatus) -> &'static str {
    match status {
        StepStatus::Pending => "pending",
        StepStatus::Running | StepStatus::Interrupted => "interrupted",
        StepStatus::Unverified | StepStatus::Waiting => "waiting",
        StepStatus::Failed => "failed",
        StepStatus::Done => "done",
        StepStatus::Skipped => "skipped",
    }
}
