//! A document against the JSON Schema of its kind: every unknown key, missing key and wrong type at once.
//!
//! What is right comes out as JSON, so that the rules below the shape can look at it, too.

use serde_json::{Map, Number, Value as Json};

use super::problem::Segment;
use super::tree::{Fault, Scalar, Tree, Value};
use crate::error::nearest;
use crate::ground::{SPAN_PATTERN, Span};

/// What is wrong with a document's shape, and what is left of it.
#[derive(Debug, Default)]
pub struct Verdict {
    /// What is wrong, with the path to it.
    pub faults: Vec<(Vec<Segment>, Fault)>,
    /// The document without what is wrong; none when nothing can be saved.
    pub rest: Option<Json>,
}

/// Holds a tree against a schema; `noun` is what the whole document is: "a runbook".
pub fn validate(tree: &Tree, text: &str, schema: &Json, noun: &str) -> Verdict {
    let mut judge = Judge { tree, text, schema, noun, path: Vec::new(), faults: Vec::new() };
    let rest = judge.check(tree.root(), schema);
    Verdict { faults: judge.faults, rest }
}

struct Judge<'a> {
    tree: &'a Tree,
    text: &'a str,
    schema: &'a Json,
    noun: &'a str,
    path: Vec<Segment>,
    faults: Vec<(Vec<Segment>, Fault)>,
}

/// A schema with its references followed, and the name it goes by.
#[derive(Clone, Copy)]
struct Rule<'a> {
    schema: &'a Json,
    name: &'a str,
}

impl<'a> Judge<'a> {
    fn check(&mut self, node: usize, schema: &'a Json) -> Option<Json> {
        let rules = self.alternatives(schema);
        let shape = self.shape(node);
        let fitting = rules.iter().find(|rule| accepts(rule.schema, shape)).or_else(|| {
            // Text may be written without quotes even where it looks like a number; not where a number means another thing.
            let text = rules.iter().find(|rule| accepts(rule.schema, "string"));
            let only = rules.iter().filter(|rule| rule.schema["type"] != "null").count() == 1;
            text.filter(|_| only && matches!(shape, "integer" | "number" | "boolean"))
        });
        if let Some(rule) = fitting {
            return self.fit(node, *rule, shape);
        }
        self.wrong_kind(node, &rules, shape);
        None
    }

    fn fit(&mut self, node: usize, rule: Rule<'a>, shape: &str) -> Option<Json> {
        match &self.tree.node(node).value {
            Value::Scalar(_) if shape == "null" => Some(Json::Null),
            Value::Scalar(scalar) => self.scalar(node, &scalar.clone(), rule.schema, shape),
            Value::List(items) => Some(self.list(&items.clone(), rule.schema)),
            Value::Map(entries) => self.map(node, &entries.clone(), rule),
        }
    }

    fn scalar(&mut self, node: usize, scalar: &Scalar, schema: &Json, shape: &str) -> Option<Json> {
        if accepts(schema, "string") {
            return self.string(node, &scalar.text, schema);
        }
        match shape {
            "boolean" => Some(Json::Bool(scalar.text.eq_ignore_ascii_case("true"))),
            _ => self.number(node, &scalar.text, schema),
        }
    }

    fn string(&mut self, node: usize, text: &str, schema: &Json) -> Option<Json> {
        if schema["pattern"] == SPAN_PATTERN
            && let Err(message) = text.parse::<Span>()
        {
            self.fault(node, "invalid-duration", message, None);
            return None;
        }
        let words = words(schema);
        if words.is_empty() || words.contains(&text) {
            return Some(Json::String(text.to_owned()));
        }
        let message = format!("`{text}` is not possible here; these are: {}", words.join(", "));
        let lower = text.to_lowercase().replace('_', "-");
        let near = nearest(&lower, words.iter().copied());
        self.fault(node, "unknown-value", message, near.map(|near| format!("did you mean `{near}`?")));
        None
    }

    fn number(&mut self, node: usize, text: &str, schema: &Json) -> Option<Json> {
        let number = if schema["type"] == "number" {
            text.parse().ok().and_then(Number::from_f64)
        } else {
            let least = schema["minimum"].as_i64().unwrap_or(i64::from(i32::MIN));
            let most = if least < 0 { i64::from(i32::MAX) } else { i64::from(u32::MAX) };
            text.parse::<i64>().ok().filter(|number| (least..=most).contains(number)).map(Number::from)
        };
        if number.is_none() {
            self.fault(node, "out-of-range", format!("the number {text} is not possible here"), None);
        }
        number.map(Json::Number)
    }

    fn list(&mut self, items: &[usize], schema: &'a Json) -> Json {
        let inner = &schema["items"];
        let text_fits = self.alternatives(inner).iter().any(|rule| accepts(rule.schema, "string"));
        let mut values = Vec::new();
        for (index, item) in items.iter().enumerate() {
            self.path.push(Segment::Index(index));
            match self.check(*item, inner) {
                Some(value) => values.push(value),
                // Something must stand in for it, or the places of the items after it would be wrong.
                None if text_fits => values.push(Json::String(format!("unreadable-{index}"))),
                None => {
                    self.path.pop();
                    self.rest_of(items, index + 1, inner);
                    return Json::Array(Vec::new());
                }
            }
            self.path.pop();
        }
        Json::Array(values)
    }

    fn rest_of(&mut self, items: &[usize], from: usize, inner: &'a Json) {
        for (index, item) in items.iter().enumerate().skip(from) {
            self.path.push(Segment::Index(index));
            self.check(*item, inner);
            self.path.pop();
        }
    }

    fn map(&mut self, node: usize, entries: &[(usize, usize)], rule: Rule<'a>) -> Option<Json> {
        let properties = rule.schema["properties"].as_object();
        let open = rule.schema.get("additionalProperties").filter(|schema| schema.is_object());
        let mut values = Map::new();
        for (key, value) in entries {
            let Some(name) = self.tree.text(*key).map(str::to_owned) else {
                self.fault(
                    *key,
                    "invalid-key",
                    "a key must be plain text".to_owned(),
                    Some("put it in quotes".to_owned()),
                );
                continue;
            };
            self.path.push(Segment::Key(name.clone()));
            match properties.and_then(|known| known.get(&name)).or(open) {
                Some(schema) => {
                    if let Some(value) = self.check(*value, schema) {
                        values.insert(name, value);
                    }
                }
                None => self.unknown_key(*key, &name, rule),
            }
            self.path.pop();
        }
        self.missing_keys(node, entries, rule, &mut values).then_some(Json::Object(values))
    }

    // Whether what is left can be used. A title can be made up; the rest cannot.
    fn missing_keys(
        &mut self,
        node: usize,
        entries: &[(usize, usize)],
        rule: Rule<'a>,
        values: &mut Map<String, Json>,
    ) -> bool {
        let mut usable = true;
        for key in rule.schema["required"].as_array().into_iter().flatten().filter_map(Json::as_str) {
            if !entries.iter().any(|(name, _)| self.tree.text(*name) == Some(key)) {
                self.missing_key(node, key, rule);
            }
            if !values.contains_key(key) {
                if key == "title" {
                    values.insert(key.to_owned(), Json::String(String::new()));
                } else {
                    usable = false;
                }
            }
        }
        usable
    }

    fn missing_key(&mut self, node: usize, key: &str, rule: Rule<'a>) {
        self.path.push(Segment::Key(key.to_owned()));
        // A misspelt key that was meant is said already.
        if !self.faults.iter().any(|(path, _)| *path == self.path) {
            let span = self.tree.face(node);
            let message = format!("{} needs `{key}`", self.noun(rule));
            let suggestion = Some(format!("add `{key}:`"));
            self.faults.push((self.path.clone(), Fault { code: "missing-key", span, message, suggestion }));
        }
        self.path.pop();
    }

    fn unknown_key(&mut self, key: usize, name: &str, rule: Rule<'a>) {
        let known: Vec<&str> = rule.schema["properties"]
            .as_object()
            .map(|known| known.keys().map(String::as_str).collect())
            .unwrap_or_default();
        let synonym =
            SYNONYMS.iter().find(|(other, meant)| *other == name && known.contains(meant)).map(|(_, meant)| *meant);
        let near = nearest(&name.to_lowercase().replace('-', "_"), known.iter().copied()).or(synonym);
        let suggestion = match near {
            Some(near) => Some(format!("did you mean `{near}`?")),
            None if name == "<<" => Some("merge keys are not read: write the keys out".to_owned()),
            None if known.len() <= FEW => Some(format!("these are: {}", known.join(", "))),
            None => None,
        };
        let message = format!("`{name}` is not a key of {}", self.noun(rule));
        let span = self.tree.node(key).span.clone();
        // The fault stands for the key that was meant, so that nobody misses that one, too.
        let mut path = self.path.clone();
        if let (Some(near), Some(last)) = (near, path.last_mut()) {
            *last = Segment::Key(near.to_owned());
        }
        self.faults.push((path, Fault { code: "unknown-key", span, message, suggestion }));
    }

    fn wrong_kind(&mut self, node: usize, rules: &[Rule<'a>], shape: &str) {
        let what = match self.path.last() {
            Some(Segment::Key(key)) => format!("`{key}`"),
            Some(Segment::Index(_)) => "an item of this list".to_owned(),
            None => self.noun.to_owned(),
        };
        let mut expected: Vec<&str> = rules.iter().filter_map(|rule| expectation(rule.schema)).collect();
        expected.dedup();
        let expected = expected.join(" or ");
        if shape == "null" {
            let suggestion = format!("give it {expected}, or remove it");
            return self.fault(node, "blank", format!("{what} is blank"), Some(suggestion));
        }
        let written = self.text.get(self.tree.node(node).span.clone()).unwrap_or_default();
        let suggestion = if written.starts_with("{{") {
            Some("put it in quotes: in YAML a `{` begins a map".to_owned())
        } else if expected == BOOLEAN {
            let meant = match written.to_ascii_lowercase().as_str() {
                "yes" | "on" | "y" | "1" => Some("true"),
                "no" | "off" | "n" | "0" => Some("false"),
                _ => None,
            };
            meant.map(|meant| format!("write `{meant}`"))
        } else if expected == LIST && matches!(shape, "string" | "integer" | "number" | "boolean") {
            Some("begin it with `- ` on a line of its own, or put it in `[ ]`".to_owned())
        } else {
            None
        };
        self.fault(
            node,
            "wrong-type",
            format!("{what} must be {expected}, and this is {}", name_of(shape)),
            suggestion,
        );
    }

    fn fault(&mut self, node: usize, code: &'static str, message: String, suggestion: Option<String>) {
        let span = match &self.tree.node(node).value {
            Value::Map(_) => self.tree.face(node),
            _ => self.tree.node(node).span.clone(),
        };
        // A blank value has no place of its own: the key before it has.
        let span = if span.is_empty() {
            self.tree.locate(self.text, &self.path, super::problem::Part::Key, None)
        } else {
            span
        };
        self.faults.push((self.path.clone(), Fault { code, span, message, suggestion }));
    }

    fn noun(&self, rule: Rule<'a>) -> String {
        NOUNS
            .iter()
            .find(|(name, _)| *name == rule.name)
            .map_or_else(|| self.noun.to_owned(), |(_, noun)| (*noun).to_owned())
    }

    // The shapes a schema allows, references followed; `null` is among them when it does.
    fn alternatives(&self, schema: &'a Json) -> Vec<Rule<'a>> {
        let mut found = Vec::new();
        self.gather(schema, "", &mut found);
        found
    }

    fn gather(&self, schema: &'a Json, name: &'a str, found: &mut Vec<Rule<'a>>) {
        if let Some(reference) = schema["$ref"].as_str() {
            let name = reference.rsplit('/').next().unwrap_or(reference);
            return self.gather(&self.schema["$defs"][name], name, found);
        }
        match schema["anyOf"].as_array() {
            Some(all) => all.iter().for_each(|schema| self.gather(schema, name, found)),
            None => found.push(Rule { schema, name }),
        }
    }

    fn shape(&self, node: usize) -> &'static str {
        match &self.tree.node(node).value {
            Value::List(_) => "array",
            Value::Map(_) => "object",
            Value::Scalar(_) if self.tree.node(node).is_null() => "null",
            Value::Scalar(scalar) => scalar_shape(scalar),
        }
    }
}

fn scalar_shape(scalar: &Scalar) -> &'static str {
    if scalar.quoted {
        return "string";
    }
    match scalar.text.as_str() {
        "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => "boolean",
        text if text.parse::<i64>().is_ok() => "integer",
        text if text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) && text.parse::<f64>().is_ok() => {
            "number"
        }
        _ => "string",
    }
}

fn accepts(schema: &Json, shape: &str) -> bool {
    let is = |kind: &Json| kind == shape || (shape == "integer" && kind == "number");
    match &schema["type"] {
        Json::Array(kinds) => kinds.iter().any(is),
        Json::Null => shape == "string" && !words(schema).is_empty(),
        kind => is(kind),
    }
}

// The words of an enumeration, however the schema spells it.
fn words(schema: &Json) -> Vec<&str> {
    let listed = schema["enum"].as_array().into_iter().flatten().filter_map(Json::as_str);
    let one_of = schema["oneOf"].as_array().into_iter().flatten();
    listed
        .chain(one_of.flat_map(|one| {
            one["const"]
                .as_str()
                .into_iter()
                .chain(one["enum"].as_array().into_iter().flatten().filter_map(Json::as_str))
        }))
        .collect()
}

const BOOLEAN: &str = "`true` or `false`";
const LIST: &str = "a list";
const FEW: usize = 9;

fn expectation(schema: &Json) -> Option<&'static str> {
    if schema["pattern"] == SPAN_PATTERN {
        return Some("a duration such as 30s or 5m");
    }
    let kind = match &schema["type"] {
        Json::Array(kinds) => kinds.iter().filter_map(Json::as_str).find(|kind| *kind != "null"),
        Json::String(kind) => Some(kind.as_str()),
        _ if !words(schema).is_empty() => Some("string"),
        _ => None,
    };
    match kind? {
        "string" => Some("text"),
        "integer" => Some("a whole number"),
        "number" => Some("a number"),
        "boolean" => Some(BOOLEAN),
        "array" => Some(LIST),
        "object" => Some("a map of keys"),
        _ => None,
    }
}

fn name_of(shape: &str) -> &'static str {
    match shape {
        "array" => "a list",
        "object" => "a map of keys",
        "boolean" => "a boolean",
        "integer" | "number" => "a number",
        _ => "text",
    }
}

// Words other tools use for what is meant here.
const SYNONYMS: [(&str, &str); 20] = [
    ("command", "run"),
    ("cmd", "run"),
    ("script", "run"),
    ("shell", "run"),
    ("exec", "run"),
    ("name", "title"),
    ("description", "summary"),
    ("description", "instructions"),
    ("desc", "instructions"),
    ("text", "instructions"),
    ("if", "when"),
    ("condition", "when"),
    ("items", "tasks"),
    ("items", "steps"),
    ("checklist", "tasks"),
    ("options", "choose"),
    ("undo", "rollback"),
    ("register", "capture"),
    ("url", "http"),
    ("subprocedure", "use"),
];

// What the types are called when one speaks of them.
const NOUNS: [(&str, &str); 31] = [
    ("RawFullStep", "a step"),
    ("RawPhase", "a phase"),
    ("RawFullOption", "an option"),
    ("RawFullApprove", "`approve`"),
    ("RawWaitUntil", "`wait`"),
    ("RawFullSend", "`send`"),
    ("RawFullUse", "`use`"),
    ("RawFullRetry", "`retry`"),
    ("RawExpect", "`expect`"),
    ("RawCapture", "`capture`"),
    ("RawVerify", "`verify`"),
    ("RawFullRollback", "`rollback`"),
    ("RawTitledLink", "a link"),
    ("RawFullSchedule", "`schedule`"),
    ("Parameter", "a parameter"),
    ("Requires", "`requires`"),
    ("Tier", "a tier"),
    ("FullVariant", "a variant"),
    ("RawService", "a service"),
    ("RawProbe", "a probe"),
    ("RawRequest", "`http`"),
    ("IncidentSettings", "`incident`"),
    ("UpdateTemplate", "an update"),
    ("StatusPageSettings", "`status_page`"),
    ("Reminders", "`reminders`"),
    ("EscalationLevel", "an escalation level"),
    ("RawChannel", "a channel"),
    ("Severity", "a severity"),
    ("EscalationRoute", "an escalation route"),
    ("Objective", "an objective"),
    ("Dashboard", "a dashboard"),
];
