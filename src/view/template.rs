//! Templates for people and programs.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use crate::catalog::model::{Parameter, Template};
use crate::ground::{plain, plain_line};
use crate::view::look::{Look, Style, paint};
use crate::view::table::table;

/// A template for programs.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TemplateView {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What it is for.
    pub summary: Option<String>,
    /// Who reads it.
    pub audience: Option<String>,
    /// The names of its variants; none when it has one text only.
    pub variants: Vec<String>,
    /// Its fields.
    pub fields: Vec<Parameter>,
}

/// The template for programs.
pub fn template_view(template: &Template) -> TemplateView {
    TemplateView {
        id: template.id.clone(),
        title: template.title.clone(),
        summary: template.summary.clone(),
        audience: template.audience.clone(),
        variants: template.variants.keys().filter(|name| !name.is_empty()).cloned().collect(),
        fields: template.fields.clone(),
    }
}

/// Templates as a table.
pub fn templates_table(look: Look, templates: &[TemplateView]) -> String {
    let rows: Vec<Vec<String>> = templates
        .iter()
        .map(|template| vec![template.id.clone(), template.title.clone(), template.variants.join(", ")])
        .collect();
    table(look, &["Id", "Title", "Variants"], rows)
}

/// A template for people: its fields and its texts.
pub fn template_text(look: Look, template: &Template) -> String {
    let mut text = format!("{}\n", paint(look, Style::Heading, &plain_line(&template.title)));
    if let Some(summary) = &template.summary {
        let _ = writeln!(text, "{}", plain_line(summary));
    }
    let _ = writeln!(text, "\n{}", paint(look, Style::Heading, "Fields"));
    for field in &template.fields {
        let default =
            field.default.as_deref().map(|default| format!(" (else {})", plain_line(default))).unwrap_or_default();
        let optional = if field.is_required() { "" } else { " (optional)" };
        let _ = writeln!(text, "- {}: {}{default}{optional}", field.name, plain_line(field.question()));
    }
    for (name, variant) in &template.variants {
        let title = variant.title.as_deref().map(|title| format!(" - {}", plain_line(title))).unwrap_or_default();
        let head = if name.is_empty() { "Text".to_owned() } else { format!("{name}{title}") };
        let _ = writeln!(text, "\n{}", paint(look, Style::Heading, &head));
        if let Some(subject) = &variant.subject {
            let _ = writeln!(text, "Subject: {}\n", plain_line(subject));
        }
        let _ = writeln!(text, "{}", plain(&variant.body).trim_end());
    }
    text
}
