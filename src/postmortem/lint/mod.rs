//! What a post-mortem lacks. Every rule has a name; `docs/postmortem.md` tells all of them.

mod text;
mod work;

use std::sync::Arc;

use super::blocks::{HEAD, blocks};
use super::document::{Block, Document, marker, normal, rows};
use super::section::{SECTIONS, Section, TO_WRITE};
use super::{Facts, is_needed};
use crate::catalog::model::Settings;
use crate::diagnostic::{Diagnostic, Excerpt, Level};
use crate::markdown::cells;
use text::{Own, blames, has_amount, is_item, own};

/// What a file is held against.
#[derive(Debug)]
pub struct Against<'a> {
    /// Which severities need a preventative action.
    pub settings: &'a Settings,
    /// What the journal knows; none where it does not know the incident, as in a fresh clone.
    pub facts: Option<Facts<'a>>,
}

/// Everything that a file lacks, from its beginning to its end.
pub fn lint(file: &str, text: &str, against: &Against<'_>) -> Vec<Diagnostic> {
    let mut check = Check { file, text: Arc::from(text), found: Vec::new() };
    match Document::read(text) {
        Err(faults) => {
            for fault in faults {
                check.error(
                    fault.line,
                    "broken-markers",
                    fault.message,
                    "give each block its `begin` and `end` line back, or start from a new file with --out",
                );
            }
        }
        Ok(document) if document.incident.is_none() => check.error(
            1,
            "not-a-postmortem",
            "no line says of which incident this is the post-mortem".to_owned(),
            "begin with a file that `opsctl incident postmortem ID` writes",
        ),
        Ok(document) => {
            check.sections(&document);
            check.impact(&document);
            check.factors(&document);
            check.blocks(&document, against.facts.as_ref());
            let work = work::Work::of(&document, against.facts.as_ref());
            check.work(&work, is_needed(against.settings, &work.severity));
        }
    }
    check.found.sort_by_key(|problem| problem.line);
    check.found
}

struct Check<'a> {
    file: &'a str,
    text: Arc<str>,
    found: Vec<Diagnostic>,
}

impl Check<'_> {
    fn error(&mut self, line: usize, code: &'static str, message: String, suggestion: &str) {
        self.report(Level::Error, line, code, message, suggestion);
    }

    fn report(&mut self, severity: Level, line: usize, code: &'static str, message: String, suggestion: &str) {
        let row = rows(&self.text).find(|row| row.number == line);
        // Of a prompt its beginning is enough.
        let shown = |text: &str| if text.starts_with(TO_WRITE) { TO_WRITE.len() } else { text.len() };
        let span = row.map(|row| row.start..row.start + shown(row.text));
        self.found.push(Diagnostic {
            file: self.file.to_owned(),
            line,
            column: 1,
            severity,
            code,
            message,
            suggestion: Some(suggestion.to_owned()),
            excerpt: span.map(|span| Excerpt { text: Arc::clone(&self.text), span }),
        });
    }

    // Every section is there, and somebody wrote what people have to write.
    fn sections(&mut self, document: &Document<'_>) {
        for section in &SECTIONS {
            let Some(place) = document.section(section.id) else {
                self.error(
                    1,
                    "section-missing",
                    format!("the section `{}` ({}) is gone", section.id, section.title),
                    "`opsctl incident postmortem` adds it again at the end",
                );
                continue;
            };
            let own = own(document, place);
            let prompt = own.iter().find(|line| line.text.trim_start().starts_with(TO_WRITE));
            let is_filled = own.iter().any(is_said) || is_told(document, section);
            match prompt {
                Some(prompt) if own.iter().any(is_said) => self.error(
                    prompt.line,
                    "prompt-left",
                    format!("the prompt of \"{}\" still stands beside the text", section.title),
                    "delete this line",
                ),
                Some(prompt) => self.unfilled(prompt.line, section),
                None if !is_filled && !section.prompt.is_empty() => self.unfilled(place.line, section),
                None => {}
            }
        }
    }

    fn unfilled(&mut self, line: usize, section: &Section) {
        self.error(
            line,
            "section-unfilled",
            format!("nobody has written \"{}\" yet", section.title),
            &format!("replace the line by {}", section.prompt),
        );
    }

    fn impact(&mut self, document: &Document<'_>) {
        let Some(place) = document.section("impact") else { return };
        let own = own(document, place);
        let said = own.iter().filter(|line| is_said(line)).map(|line| line.text.to_owned());
        let said: Vec<String> = said.chain(quoted(document, "impact")).collect();
        if !said.is_empty() && !said.iter().any(|line| has_amount(line)) {
            let line = own.iter().find(|line| is_said(line)).map_or(place.line, |line| line.line);
            self.error(
                line,
                "impact-without-number",
                "the impact has no number with a unit".to_owned(),
                "say how much: 1,200 users, 35 minutes, 4 % of orders; \"about\" is fine, \"some\" is not",
            );
        }
    }

    fn factors(&mut self, document: &Document<'_>) {
        let Some(place) = document.section("factors") else { return };
        let own = own(document, place);
        let said: Vec<&Own<'_>> = own.iter().filter(|line| is_said(line)).collect();
        if !said.is_empty() && !said.iter().any(|line| is_item(line.text)) {
            self.error(
                said[0].line,
                "factor-missing",
                "no contributing factor is listed".to_owned(),
                "write each factor as an item of a list: `- The pool had no limit`",
            );
        }
        for (line, words) in said.iter().filter_map(|line| Some((line.line, blames(line.text)?))) {
            self.error(
                line,
                "factor-human-error",
                format!("`{words}` is where the questions begin, and no factor"),
                "say what made it possible, likely or hard to see: the tool, the page, the default, the hour",
            );
        }
    }

    // What the journal tells stands there as the journal tells it.
    fn blocks(&mut self, document: &Document<'_>, facts: Option<&Facts<'_>>) {
        let fresh: Vec<(&str, String)> = facts.map(blocks).unwrap_or_default();
        for name in std::iter::once(HEAD).chain(SECTIONS.iter().filter(|one| one.has_block).map(|one| one.id)) {
            let told = fresh.iter().find(|(known, _)| *known == name).map(|(_, content)| normal(content));
            match document.block(name) {
                None => self.error(
                    document.section(name).map_or(1, |place| place.line),
                    "block-missing",
                    format!("what the journal tells in `{name}` is gone"),
                    "`opsctl incident postmortem` puts it back",
                ),
                Some(block) => self.block(document, block, told),
            }
        }
    }

    fn block(&mut self, document: &Document<'_>, block: &Block, told: Option<String>) {
        let (content, is_whole) = document.content(block);
        if !is_whole {
            self.error(
                block.line,
                if block.name == "timeline" { "timeline-differs" } else { "block-edited" },
                format!("somebody changed what the journal tells in `{}`", block.name),
                "write your own text outside of the markers; `opsctl incident correct` corrects the journal; then make the file again",
            );
            return;
        }
        let Some(told) = told.filter(|told| *told != content) else { return };
        if block.name != "timeline" {
            self.report(
                Level::Warning,
                block.line,
                "block-stale",
                format!("`{}` is not what the journal tells now", block.name),
                "make the file again with `opsctl incident postmortem`",
            );
            return;
        }
        // Whether the evidence lies beside it, and where, changes nothing about what happened.
        let (content, told) = (unlinked(&content), unlinked(&told));
        if content == told {
            return;
        }
        let differs = content.lines().zip(told.lines()).position(|(here, there)| here != there);
        let lines = differs.unwrap_or_else(|| content.lines().count().min(told.lines().count()));
        self.error(
            block.line + 1 + lines,
            "timeline-differs",
            "the timeline is not that of the journal from here on".to_owned(),
            "make the file again with `opsctl incident postmortem`",
        );
    }
}

// The lines of a timeline without the links to evidence. No text from the journal has an open bracket that is not escaped.
fn unlinked(timeline: &str) -> String {
    let bare = |line: &str| {
        let link = line.rfind(" ([").zip(line.rfind("), SHA-256 "));
        link.map_or_else(
            || line.to_owned(),
            |(from, to)| format!("{}{}", &line[..from + 2], &line[(to + 3).max(from + 2)..]),
        )
    };
    timeline.lines().map(|line| bare(line) + "\n").collect()
}

fn is_said(line: &Own<'_>) -> bool {
    !line.text.trim_start().starts_with(TO_WRITE) && line.text.chars().any(char::is_alphanumeric)
}

// The journal has people's own words for it.
fn is_told(document: &Document<'_>, section: &Section) -> bool {
    !quoted(document, section.id).is_empty()
}

fn quoted(document: &Document<'_>, name: &str) -> Vec<String> {
    let content = document.block(name).map(|block| document.content(block).0).unwrap_or_default();
    content.lines().filter_map(|line| line.strip_prefix("> ")).map(str::to_owned).collect()
}

/// The value that stands beside a name in the head.
fn head_value(document: &Document<'_>, name: &str) -> Option<String> {
    let (content, _) = document.content(document.block(HEAD)?);
    let found = content.lines().filter_map(cells).find(|cells| cells.len() == 2 && cells[0] == name);
    found.map(|cells| cells[1].to_owned())
}

/// The line of a file on which a row of a block stands that begins with this cell; else that of the block.
fn row_line(document: &Document<'_>, name: &str, first: &str) -> usize {
    let Some(block) = document.block(name) else {
        return document.section(name).map_or(1, |place| place.line);
    };
    let in_block = |row: &super::document::Row<'_>| block.inner.contains(&row.start) && marker(row.text).is_none();
    let mut found = rows(document.text).filter(in_block);
    let is_it = |cells: Vec<&str>| cells.first().is_some_and(|cell| *cell == first);
    found.find(|row| cells(row.text).is_some_and(is_it)).map_or(block.line, |row| row.number)
}
