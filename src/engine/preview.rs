//! A dry run: what a walk would do, said honestly where it cannot be known.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::catalog::model::{Risk, StepKind};
use crate::engine::plan::{Parent, Plan, PlanStep};
use crate::template;

/// What would happen at a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Forecast {
    /// It would be run by itself.
    WouldRun,
    /// The operator would be asked.
    WouldAsk,
    /// It would be left out, and why.
    Skipped(String),
    /// That depends on something which only the walk brings about.
    Unknown(String),
}

impl Forecast {
    /// The label: `would run`, `would ask`, `skipped (…)`, `unknown (depends on …)`.
    pub fn label(&self) -> String {
        match self {
            Self::WouldRun => "would run".to_owned(),
            Self::WouldAsk => "would ask".to_owned(),
            Self::Skipped(reason) => format!("skipped ({reason})"),
            Self::Unknown(on) => format!("unknown (depends on {on})"),
        }
    }
}

/// What the walk would be started with.
#[derive(Debug, Clone, Default)]
pub struct Premises {
    /// Parameter values by name.
    pub parameters: BTreeMap<String, String>,
    /// Options chosen in advance, by step.
    pub choices: BTreeMap<String, String>,
    /// Reasons for steps skipped in advance, by step.
    pub skips: BTreeMap<String, String>,
    /// The incident, as templates see it.
    pub incident: Option<Value>,
    /// Commands up to this risk run by themselves; none when every command is asked about.
    pub auto: Option<Risk>,
    /// Steps before this one are left out.
    pub from: Option<String>,
}

/// What would happen at each step, in the plan's order.
pub fn preview(plan: &Plan, premises: &Premises) -> Vec<Forecast> {
    let from = premises.from.as_ref().and_then(|id| plan.place(id)).unwrap_or(0);
    let mut forecasts: Vec<Forecast> = Vec::with_capacity(plan.steps.len());
    for (place, planned) in plan.steps.iter().enumerate() {
        let before = place < from && !plan.is_inside(from, place);
        let forecast = if before {
            Forecast::Skipped(format!("the walk starts at {}", plan.steps[from].id))
        } else {
            forecast(plan, premises, planned, &forecasts, place)
        };
        forecasts.push(forecast);
    }
    forecasts
}

fn forecast(plan: &Plan, premises: &Premises, planned: &PlanStep, before: &[Forecast], place: usize) -> Forecast {
    if let Some(forecast) = led_by(plan, premises, planned, before) {
        return forecast;
    }
    if let Some(forecast) = jumped_over(plan, premises, place) {
        return forecast;
    }
    if let Some(reason) = premises.skips.get(&planned.id) {
        return Forecast::Skipped(reason.clone());
    }
    if let Some(forecast) = planned.step.when.as_deref().and_then(|when| by_condition(plan, premises, planned, when)) {
        return forecast;
    }
    match &planned.step.kind {
        StepKind::Run(_) | StepKind::Probe(_) if premises.auto.is_some_and(|max| planned.step.risk <= max) => {
            Forecast::WouldRun
        }
        StepKind::Run(_) if premises.auto.is_some() => Forecast::WouldAsk,
        StepKind::Run(_) | StepKind::Probe(_) | StepKind::Wait(_) | StepKind::Send(_) | StepKind::Use(_) => {
            Forecast::WouldRun
        }
        StepKind::Manual | StepKind::Choose(_) | StepKind::Approve(_) | StepKind::Incident(_) => Forecast::WouldAsk,
    }
}

fn led_by(plan: &Plan, premises: &Premises, planned: &PlanStep, before: &[Forecast]) -> Option<Forecast> {
    let parent = planned.parent.as_ref()?;
    let id = &plan.steps[parent.place()].id;
    match before.get(parent.place())? {
        forecast @ (Forecast::Skipped(_) | Forecast::Unknown(_)) => return Some(forecast.clone()),
        Forecast::WouldRun | Forecast::WouldAsk => {}
    }
    let Parent::Option(_, option) = parent else { return None };
    match premises.choices.get(id) {
        Some(chosen) if chosen == option => None,
        Some(chosen) => Some(Forecast::Skipped(format!("the choice is {chosen}"))),
        None => Some(Forecast::Unknown(id.clone())),
    }
}

// A decision before this step may jump over it.
fn jumped_over(plan: &Plan, premises: &Premises, place: usize) -> Option<Forecast> {
    (0..place).rev().find_map(|at| {
        let StepKind::Choose(options) = &plan.steps[at].step.kind else { return None };
        let jumps = |goto: &Option<String>| {
            let target = goto.as_ref().and_then(|goto| plan.target(at, goto));
            target.is_some_and(|target| target > place && !plan.is_inside(target, place))
        };
        let id = &plan.steps[at].id;
        match premises.choices.get(id) {
            Some(chosen) => {
                let option = options.iter().find(|option| option.id == *chosen)?;
                jumps(&option.goto).then(|| Forecast::Skipped(format!("{chosen} jumps over it")))
            }
            None => options
                .iter()
                .any(|option| jumps(&option.goto))
                .then(|| Forecast::Unknown(id.clone()))
                .filter(|_| !plan.is_inside(place, at)),
        }
    })
}

fn by_condition(plan: &Plan, premises: &Premises, planned: &PlanStep, when: &str) -> Option<Forecast> {
    let needed = template::names_in_expression(when).unwrap_or_default();
    let mut context = Map::new();
    if let Some(incident) = &premises.incident {
        context.insert("incident".into(), incident.clone());
    }
    // Only the run's own parameters are known beforehand; a used procedure gets its values on entering.
    if planned.scope.is_empty() {
        context.extend(premises.parameters.iter().map(|(name, value)| (name.clone(), Value::String(value.clone()))));
    }
    let unknown: Vec<String> = needed
        .iter()
        .filter(|name| !context.contains_key(name.as_str()))
        .map(|name| source_of(plan, planned, name).unwrap_or_else(|| name.clone()))
        .collect();
    if !unknown.is_empty() {
        return Some(Forecast::Unknown(unknown.join(", ")));
    }
    match template::is_true(when, &Value::Object(context)) {
        Ok(true) => None,
        Ok(false) => Some(Forecast::Skipped("condition".to_owned())),
        Err(error) => Some(Forecast::Unknown(error.to_string())),
    }
}

// The step that captures a name, so that the operator knows what to look at.
fn source_of(plan: &Plan, planned: &PlanStep, name: &str) -> Option<String> {
    plan.steps
        .iter()
        .filter(|other| other.scope == planned.scope)
        .find(|other| other.step.captures.iter().any(|capture| capture.name == name))
        .map(|other| other.id.clone())
}
