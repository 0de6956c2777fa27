//! A procedure unrolled: every step it can come to, options' steps and used procedures included, in walking order.

use std::collections::HashMap;
use std::sync::Arc;

use crate::catalog::model::{Catalog, Parameter, Procedure, ProcedureKind, Step, StepKind, Template};

/// How deep procedures may use each other.
const MAX_DEPTH: usize = 16;

/// A procedure unrolled.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Which kind of procedure.
    pub kind: ProcedureKind,
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The steps in walking order.
    pub steps: Vec<PlanStep>,
    /// The procedures in it by the path of `use` steps that leads to them; the run's own is under the empty path.
    pub scopes: HashMap<String, Arc<Procedure>>,
    /// The templates that its steps send, by id.
    pub templates: HashMap<String, Arc<Template>>,
    index: HashMap<String, usize>,
}

/// A step at its place.
#[derive(Debug, Clone)]
pub struct PlanStep {
    /// Its id, with the path of `use` steps before it: `restart/check`.
    pub id: String,
    /// The path of `use` steps that leads to its procedure.
    pub scope: String,
    /// How deep it is nested, from 0.
    pub depth: usize,
    /// The step that has to lead here, if any.
    pub parent: Option<Parent>,
    /// The title of its phase.
    pub phase: Option<String>,
    /// The step itself.
    pub step: Step,
}

/// What leads to a nested step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parent {
    /// An option of the decision at this place.
    Option(usize, String),
    /// The `use` step at this place.
    Use(usize),
}

impl Parent {
    /// The place of the step that leads here.
    pub fn place(&self) -> usize {
        match self {
            Self::Option(place, _) | Self::Use(place) => *place,
        }
    }
}

impl Plan {
    /// Unrolls a procedure. Fails when it uses one that the catalog does not have, or itself.
    pub fn build(catalog: &Catalog, procedure: &Arc<Procedure>) -> Result<Self, String> {
        let mut plan = Self {
            kind: procedure.kind,
            id: procedure.id.clone(),
            title: procedure.title.clone(),
            steps: Vec::new(),
            scopes: HashMap::new(),
            templates: HashMap::new(),
            index: HashMap::new(),
        };
        plan.enter(catalog, procedure, &Place::default())?;
        plan.index = plan.steps.iter().enumerate().map(|(place, step)| (step.id.clone(), place)).collect();
        Ok(plan)
    }

    /// The place of a step by its full id.
    pub fn place(&self, id: &str) -> Option<usize> {
        self.index.get(id).copied()
    }

    /// The parameters of the procedure in a scope.
    pub fn parameters(&self, scope: &str) -> &[Parameter] {
        self.scopes.get(scope).map_or(&[], |procedure| &procedure.parameters)
    }

    /// The place of the step that a jump from `from` goes to.
    pub fn target(&self, from: usize, goto: &str) -> Option<usize> {
        let scope = &self.steps.get(from)?.scope;
        self.place(&join(scope, goto))
    }

    /// Whether the step at `place` lies inside the step at `ancestor`.
    pub fn is_inside(&self, place: usize, ancestor: usize) -> bool {
        let mut at = place;
        while let Some(parent) = self.steps.get(at).and_then(|step| step.parent.as_ref()) {
            at = parent.place();
            if at == ancestor {
                return true;
            }
        }
        false
    }

    /// Whether its steps may be done in any order: a matter of policy by kind.
    pub fn any_order(&self) -> bool {
        self.kind != ProcedureKind::Runbook
    }

    /// Environment variables, from every procedure in the plan, whose values are secret.
    pub fn secret_env(&self) -> impl Iterator<Item = &str> {
        self.scopes.values().flat_map(|procedure| procedure.secrets.iter().map(String::as_str))
    }

    /// Whether some step is a part of incident handling or looks at the incident.
    pub fn needs_incident(&self) -> bool {
        self.steps.iter().any(|planned| {
            let step = &planned.step;
            let looks = step.when.as_deref().and_then(|when| crate::template::names_in_expression(when).ok());
            matches!(step.kind, StepKind::Incident(_)) || looks.is_some_and(|names| names.contains("incident"))
        })
    }

    fn enter(&mut self, catalog: &Catalog, procedure: &Arc<Procedure>, place: &Place) -> Result<(), String> {
        if place.depth > MAX_DEPTH {
            return Err(format!("{} uses itself, or procedures are nested deeper than {MAX_DEPTH}", self.id));
        }
        self.scopes.insert(place.scope.clone(), Arc::clone(procedure));
        for phase in &procedure.phases {
            let place = Place { phase: phase.title.clone().or_else(|| place.phase.clone()), ..place.clone() };
            self.add_all(catalog, &phase.steps, &place)?;
        }
        Ok(())
    }

    fn add_all(&mut self, catalog: &Catalog, steps: &[Step], place: &Place) -> Result<(), String> {
        steps.iter().try_for_each(|step| self.add(catalog, step, place))
    }

    fn add(&mut self, catalog: &Catalog, step: &Step, place: &Place) -> Result<(), String> {
        let here = self.steps.len();
        let id = join(&place.scope, &step.id);
        self.steps.push(PlanStep {
            id: id.clone(),
            scope: place.scope.clone(),
            depth: place.depth,
            parent: place.parent.clone(),
            phase: place.phase.clone(),
            step: step.clone(),
        });
        match &step.kind {
            StepKind::Choose(options) => options.iter().try_for_each(|option| {
                let parent = Some(Parent::Option(here, option.id.clone()));
                self.add_all(catalog, &option.steps, &Place { depth: place.depth + 1, parent, ..place.clone() })
            }),
            StepKind::Use(used) => {
                let procedure = catalog
                    .resolve(&used.procedure)
                    .ok_or_else(|| format!("step {id} uses {}, which does not exist", used.procedure))?;
                let inner = Place {
                    scope: id,
                    depth: place.depth + 1,
                    parent: Some(Parent::Use(here)),
                    phase: place.phase.clone(),
                };
                self.enter(catalog, procedure, &inner)
            }
            StepKind::Send(send) => {
                let template = catalog.template(&send.template).map(|found| (send.template.clone(), Arc::clone(found)));
                self.templates.extend(template);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

#[derive(Debug, Clone, Default)]
struct Place {
    scope: String,
    depth: usize,
    parent: Option<Parent>,
    phase: Option<String>,
}

fn join(scope: &str, id: &str) -> String {
    if scope.is_empty() { id.to_owned() } else { format!("{scope}/{id}") }
}
