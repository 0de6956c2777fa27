//! A message template.

use indexmap::IndexMap;

use crate::catalog::model::{Source, Template, TemplateText, Variant};
use crate::catalog::problem::{Problem, Trail};
use crate::catalog::raw::RawTemplate;

/// Makes a template of what its file says.
pub fn template(id: &str, raw: RawTemplate, source: Source) -> (Template, Vec<Problem>) {
    let mut problems = Vec::new();
    let root = Trail::ROOT;
    super::required_text("title", &raw.title, &root, &mut problems);
    if raw.body.is_some() && !raw.variants.is_empty() {
        let message = "a template has `body` or `variants`, not both";
        let problem = Problem::error("body-and-variants", &root.key("variants"), message);
        problems.push(problem.on_key().suggest("make the body a variant with a name of its own"));
    }
    let variants: IndexMap<String, TemplateText> = match raw.body {
        Some(body) => [(String::new(), TemplateText { title: None, subject: raw.subject, body })].into(),
        None => raw.variants.into_iter().map(|(name, variant)| (name, text(variant, raw.subject.as_ref()))).collect(),
    };
    if variants.is_empty() {
        let problem = Problem::error("no-body", &root.key("body"), "this template has no text");
        problems.push(problem.on_key().suggest("add `body: |` with the text indented below"));
    }
    let template = Template {
        id: id.to_owned(),
        title: raw.title,
        summary: raw.summary,
        audience: raw.audience,
        fields: raw.fields,
        variants,
        source,
    };
    (template, problems)
}

// The subject above serves every variant without its own.
fn text(variant: Variant, subject: Option<&String>) -> TemplateText {
    match variant {
        Variant::Body(body) => TemplateText { title: None, subject: subject.cloned(), body },
        Variant::Full(full) => {
            TemplateText { title: full.title, subject: full.subject.or_else(|| subject.cloned()), body: full.body }
        }
    }
}
