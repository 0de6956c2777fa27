//! The file: its markers, and how what the journal tells gets into it while everything else stays.

use std::fmt::Write as _;
use std::ops::Range;

use super::blocks::HEAD;
use super::section::{SECTIONS, Section, TO_WRITE};
use crate::ground::sha256;

/// What every marker begins with.
const OPEN: &str = "<!-- opsctl:";

/// Something about the markers that leaves it open what belongs to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

/// A block that the journal tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Its name.
    pub name: String,
    /// The line of its beginning, from 1.
    pub line: usize,
    /// The bytes between its markers.
    pub inner: Range<usize>,
}

/// Where a section stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its id.
    pub id: String,
    /// The line of its marker, from 1.
    pub line: usize,
    /// The bytes from after its marker to where the next section or heading begins.
    pub body: Range<usize>,
}

/// A file with its markers found.
#[derive(Debug, Clone)]
pub struct Document<'a> {
    /// The text.
    pub text: &'a str,
    /// The incident that it is about.
    pub incident: Option<String>,
    /// Its blocks, in the order they stand.
    pub blocks: Vec<Block>,
    /// Its sections, in the order they stand.
    pub sections: Vec<Place>,
}

/// A line with its place.
pub struct Row<'a> {
    /// From 1.
    pub number: usize,
    /// Its first byte.
    pub start: usize,
    /// The byte after its newline.
    pub end: usize,
    /// The line without its newline.
    pub text: &'a str,
}

impl<'a> Document<'a> {
    /// Finds the markers in a text.
    pub fn read(text: &'a str) -> Result<Self, Vec<Fault>> {
        let mut document = Self { text, incident: None, blocks: Vec::new(), sections: Vec::new() };
        let mut faults = Vec::new();
        let mut open: Option<(String, usize, usize)> = None;
        let (mut fenced, mut headings) = (false, 0);
        for row in rows(text) {
            let mut fault = |message: String| faults.push(Fault { line: row.number, message });
            match (marker(row.text), &open) {
                (Some(("end", name)), Some((begun, line, start))) if name == begun => {
                    let block = Block { name: name.to_owned(), line: *line, inner: *start..row.start };
                    if document.blocks.iter().any(|known| known.name == name) {
                        fault(format!("the block `{name}` stands here a second time"));
                    }
                    document.blocks.push(block);
                    open = None;
                }
                (Some(("end", name)), _) => fault(format!("the block `{name}` ends here and did not begin")),
                (Some(("begin", name)), Some((begun, ..))) => {
                    fault(format!("the block `{name}` begins inside the block `{begun}`"));
                }
                (Some(("begin", name)), None) => open = Some((name.to_owned(), row.number, row.end)),
                (Some((word @ ("section" | "postmortem"), _)), Some((begun, ..))) => {
                    fault(format!("a marker `{word}` stands inside the block `{begun}`, which does not end before"));
                }
                (Some(("section", id)), None) => {
                    if document.sections.iter().any(|known| known.id == id) {
                        fault(format!("the section `{id}` stands here a second time"));
                    }
                    close(&mut document.sections, row.start);
                    document.sections.push(Place { id: id.to_owned(), line: row.number, body: row.end..text.len() });
                    (fenced, headings) = (false, 0);
                }
                (Some(("postmortem", id)), None) => {
                    document.incident.get_or_insert_with(|| id.to_owned());
                }
                (None, None) => {
                    fenced ^= row.text.trim_start().starts_with("```") || row.text.trim_start().starts_with("~~~");
                    if !fenced && (row.text.starts_with("# ") || row.text.starts_with("## ")) {
                        headings += 1;
                        // The first is the section's own; another begins what somebody added.
                        if headings > 1 {
                            close(&mut document.sections, row.start);
                        }
                    }
                }
                _ => {}
            }
        }
        if let Some((name, line, _)) = open {
            faults.push(Fault { line, message: format!("the block `{name}` begins here and does not end") });
        }
        if faults.is_empty() { Ok(document) } else { Err(faults) }
    }

    /// A block.
    pub fn block(&self, name: &str) -> Option<&Block> {
        self.blocks.iter().find(|block| block.name == name)
    }

    /// A section.
    pub fn section(&self, id: &str) -> Option<&Place> {
        self.sections.iter().find(|section| section.id == id)
    }

    /// What a block says, without its seal, in lines that end with a newline alone; and whether it is as it was made.
    pub fn content(&self, block: &Block) -> (String, bool) {
        let inner = self.text[block.inner.clone()].replace("\r\n", "\n");
        let lines: Vec<&str> = inner.lines().collect();
        let sealed = lines.iter().rposition(|line| matches!(marker(line), Some(("seal", _))));
        let Some(place) = sealed else { return (inner, false) };
        let rest = inner.lines().enumerate().filter(|(at, _)| *at != place).map(|(_, line)| format!("{line}\n"));
        let content = normal(&rest.collect::<String>());
        let is_whole = marker(lines[place]).is_some_and(|(_, seal)| seal == self::seal(&content));
        (content, is_whole)
    }
}

// The last section ends here, unless it ended before.
fn close(sections: &mut [Place], at: usize) {
    if let Some(last) = sections.last_mut() {
        last.body.end = last.body.end.min(at);
    }
}

/// The lines of a text.
pub fn rows(text: &str) -> impl Iterator<Item = Row<'_>> {
    let mut start = 0;
    text.split_inclusive('\n').enumerate().map(move |(place, line)| {
        let row = Row { number: place + 1, start, end: start + line.len(), text: line.trim_end_matches(['\n', '\r']) };
        start = row.end;
        row
    })
}

/// The two words of a marker, if a line is one.
pub fn marker(line: &str) -> Option<(&str, &str)> {
    let inner = line.trim().strip_prefix(OPEN)?.strip_suffix("-->")?.trim();
    let (word, rest) = inner.split_once(' ').unwrap_or((inner, ""));
    Some((word, rest.trim()))
}

fn seal(content: &str) -> String {
    let mut hash = sha256(content.as_bytes());
    hash.truncate(16);
    hash
}

fn inside(content: &str) -> String {
    let content = normal(content);
    format!("{content}\n{OPEN}seal {} -->\n", seal(&content))
}

/// A block's content as it is sealed and compared.
pub fn normal(content: &str) -> String {
    format!("{}\n", content.trim_end())
}

fn whole_block(name: &str, content: &str) -> String {
    format!("{OPEN}begin {name} -->\n{}{OPEN}end {name} -->\n", inside(content))
}

fn whole_section(section: &Section, blocks: &[(&str, String)], filled: &[&str]) -> String {
    let mut text = format!("{OPEN}section {} -->\n## {}\n", section.id, section.title);
    if let Some((name, content)) = blocks.iter().find(|(name, _)| *name == section.id) {
        text.push('\n');
        text.push_str(&whole_block(name, content));
    }
    if !section.prompt.is_empty() && !filled.contains(&section.id) {
        let _ = write!(text, "\n{TO_WRITE} {}\n", section.prompt);
    }
    text
}

/// A new file. Where the journal says already what is to be written (`filled`), nobody is asked for it.
pub fn fresh(incident: &str, blocks: &[(&str, String)], filled: &[&str]) -> String {
    let mut text = format!("{OPEN}postmortem {incident} -->\n");
    if let Some((name, content)) = blocks.iter().find(|(name, _)| *name == HEAD) {
        text.push_str(&whole_block(name, content));
    }
    for section in &SECTIONS {
        text.push('\n');
        text.push_str(&whole_section(section, blocks, filled));
    }
    text
}

/// The file with every block made anew and every other byte as it was. A section or block that is gone comes back.
pub fn merge(text: &str, blocks: &[(&str, String)], filled: &[&str]) -> Result<String, Vec<Fault>> {
    let document = Document::read(text)?;
    let is_crlf = text.split_inclusive('\n').next().is_some_and(|line| line.ends_with("\r\n"));
    let ours = |text: String| if is_crlf { text.replace('\n', "\r\n") } else { text };
    // What is put where: a range that is replaced, or a place where something is put in.
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    for (name, content) in blocks {
        match document.block(name) {
            Some(block) => edits.push((block.inner.clone(), ours(inside(content)))),
            None => {
                if let Some(at) = home(&document, name) {
                    let gap = if text[..at].ends_with('\n') { "" } else { "\n" };
                    edits.push((at..at, ours(format!("{gap}{}", whole_block(name, content)))));
                }
            }
        }
    }
    let mut end = String::new();
    for section in SECTIONS.iter().filter(|section| document.section(section.id).is_none()) {
        // A block that stands elsewhere is not told twice.
        let missing: Vec<(&str, String)> =
            blocks.iter().filter(|(name, _)| document.block(name).is_none()).cloned().collect();
        end.push('\n');
        end.push_str(&whole_section(section, &missing, filled));
    }
    if !end.is_empty() {
        let gap = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        edits.push((text.len()..text.len(), ours(format!("{gap}{end}"))));
    }
    edits.sort_by_key(|(range, _)| range.start);
    let (mut merged, mut at) = (String::with_capacity(text.len()), 0);
    for (range, new) in edits {
        merged.push_str(&text[at..range.start]);
        merged.push_str(&new);
        at = range.end;
    }
    merged.push_str(&text[at..]);
    Ok(merged)
}

// Where a block that is gone comes back: below the heading of its section, or for the head below the first marker.
fn home(document: &Document<'_>, name: &str) -> Option<usize> {
    if name == HEAD {
        let first = rows(document.text).find(|row| matches!(marker(row.text), Some(("postmortem", _))));
        return first.map(|row| row.end);
    }
    let section = document.section(name)?;
    let heading = rows(&document.text[section.body.clone()]).find(|row| row.text.starts_with('#'));
    let below = |row: Row<'_>| section.body.start + row.end;
    Some(heading.filter(|row| row.text.starts_with("## ")).map_or(section.body.start, below))
}
