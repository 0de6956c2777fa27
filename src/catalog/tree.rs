//! A document as a tree in which everything knows where it stands. It is only built when there is a problem to show.

use std::collections::HashMap;
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, Span, Tag};

use super::problem::{Part, Segment};
use super::syntax;

/// The most levels of nesting a document may have: some ten decisions inside each other.
pub const MOST_LEVELS: usize = 48;
/// The most values a document may have, those of aliases counted each time.
pub const MOST_VALUES: usize = 100_000;

/// Something wrong at a place of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// A stable kebab-case name for the rule.
    pub code: &'static str,
    /// The bytes that are meant.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub suggestion: Option<String>,
}

/// A value and where it stands.
#[derive(Debug, Clone)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Its bytes in the text.
    pub span: Range<usize>,
    size: usize,
}

/// A value; the numbers are places in the tree's list of nodes.
#[derive(Debug, Clone)]
pub enum Value {
    /// Text, number, boolean or null.
    Scalar(Scalar),
    /// A list.
    List(Vec<usize>),
    /// Keys and values.
    Map(Vec<(usize, usize)>),
}

/// A scalar as it was written.
#[derive(Debug, Clone)]
pub struct Scalar {
    /// Its text.
    pub text: String,
    /// Whether it is text for certain: quoted, a block, or tagged as text.
    pub quoted: bool,
}

/// A document.
#[derive(Debug, Clone)]
pub struct Tree {
    nodes: Vec<Node>,
    root: usize,
}

impl Tree {
    /// Reads a text; a tree comes out together with faults that leave one, such as a key that is there twice.
    pub fn read(text: &str) -> (Option<Self>, Vec<Fault>) {
        let mut builder = Builder::default();
        for event in Parser::new_from_str(text) {
            match event {
                Ok((event, span)) => {
                    if let Err(fault) = builder.take(event, span) {
                        return (None, vec![fault]);
                    }
                }
                Err(error) => return (None, vec![syntax::explain(text, &error)]),
            }
        }
        match builder.root {
            Some(root) => (Some(Self { nodes: builder.nodes, root }), builder.faults),
            None => (None, vec![empty()]),
        }
    }

    /// The node at a place of the list.
    pub fn node(&self, at: usize) -> &Node {
        &self.nodes[at]
    }

    /// The place of the whole document.
    pub fn root(&self) -> usize {
        self.root
    }

    /// The text of a scalar.
    pub fn text(&self, at: usize) -> Option<&str> {
        match &self.node(at).value {
            Value::Scalar(scalar) => Some(&scalar.text),
            _ => None,
        }
    }

    /// How many steps of a path exist.
    pub fn depth_of(&self, path: &[Segment]) -> usize {
        self.follow(path).reached
    }

    /// The bytes that a path means; where it leads to nothing, the nearest thing on the way.
    pub fn locate(&self, text: &str, path: &[Segment], part: Part, word: Option<&str>) -> Range<usize> {
        let end = self.follow(path);
        let whole = end.reached == path.len();
        let key = end.key.map(|key| self.node(key).span.clone());
        if whole
            && part == Part::Key
            && let Some(key) = key
        {
            return key;
        }
        let span = match &self.node(end.node).value {
            Value::Map(_) => self.face(end.node),
            Value::List(_) => key.unwrap_or_else(|| self.node(end.node).span.clone()),
            Value::Scalar(_) => self.node(end.node).span.clone(),
        };
        word.and_then(|word| find_word(text, &span, word)).unwrap_or(span)
    }

    /// The part of a map by which it is known: its title, or its first key.
    pub fn face(&self, at: usize) -> Range<usize> {
        let Value::Map(entries) = &self.node(at).value else { return self.node(at).span.clone() };
        let title = entries.iter().find(|(key, _)| self.text(*key) == Some("title")).map(|(_, value)| *value);
        title
            .or(entries.first().map(|(key, _)| *key))
            .map_or_else(|| self.node(at).span.clone(), |at| self.node(at).span.clone())
    }

    fn follow(&self, path: &[Segment]) -> End {
        let mut end = End { node: self.root, key: None, reached: 0 };
        for segment in path {
            match (segment, &self.node(end.node).value) {
                (Segment::Key(wanted), Value::Map(entries)) => {
                    let Some((key, value)) = entries.iter().find(|(key, _)| self.text(*key) == Some(wanted)) else {
                        break;
                    };
                    end = End { node: *value, key: Some(*key), reached: end.reached };
                }
                (Segment::Index(index), Value::List(items)) => {
                    let Some(item) = items.get(*index) else { break };
                    end = End { node: *item, key: None, reached: end.reached };
                }
                // A single value may stand for a list of one.
                (Segment::Index(0), _) => {}
                _ => break,
            }
            end.reached += 1;
        }
        end
    }
}

struct End {
    node: usize,
    key: Option<usize>,
    reached: usize,
}

// A word that stands alone is meant before one that is part of another.
fn find_word(text: &str, span: &Range<usize>, word: &str) -> Option<Range<usize>> {
    let inside = text.get(span.clone())?;
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let alone = inside.match_indices(word).find(|(at, _)| {
        let before = inside[..*at].chars().next_back().is_some_and(is_part) && word.starts_with(is_part);
        let after = inside[at + word.len()..].chars().next().is_some_and(is_part) && word.ends_with(is_part);
        !before && !after
    });
    let (at, _) = alone.or_else(|| inside.match_indices(word).next())?;
    Some(span.start + at..span.start + at + word.len())
}

fn empty() -> Fault {
    Fault {
        code: "empty-file",
        span: 0..0,
        message: "this file says nothing".to_owned(),
        suggestion: Some("begin with `title:`, or remove the file".to_owned()),
    }
}

#[derive(Default)]
struct Builder {
    nodes: Vec<Node>,
    open: Vec<Open>,
    anchors: HashMap<usize, usize>,
    root: Option<usize>,
    faults: Vec<Fault>,
}

struct Open {
    start: usize,
    anchor: usize,
    map: bool,
    children: Vec<usize>,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Fault> {
        let range = span.byte_range().unwrap_or_default();
        match event {
            Event::DocumentStart(..) if self.root.is_some() => return Err(second_document(range)),
            Event::Scalar(text, style, anchor, tag) => {
                let quoted = style != ScalarStyle::Plain
                    || tag.is_some_and(|tag: std::borrow::Cow<'_, Tag>| tag.core_suffix() == Some("str"));
                let value = Value::Scalar(Scalar { text: text.into_owned(), quoted });
                self.add(value, range, 1, anchor)?;
            }
            Event::SequenceStart(_, anchor, _) => self.open(range.start, anchor, false)?,
            Event::MappingStart(_, anchor, _) => self.open(range.start, anchor, true)?,
            Event::SequenceEnd | Event::MappingEnd => self.close(range.end)?,
            Event::Alias(anchor) => match self.anchors.get(&anchor) {
                Some(target) => self.place(*target)?,
                None => return Err(cyclic_alias(range)),
            },
            _ => {}
        }
        Ok(())
    }

    fn open(&mut self, start: usize, anchor: usize, map: bool) -> Result<(), Fault> {
        if self.open.len() >= MOST_LEVELS {
            return Err(Fault {
                code: "too-deep",
                span: start..start + 1,
                message: format!("this is nested more than {MOST_LEVELS} levels deep"),
                suggestion: Some("use a `use:` step for what lies deeper".to_owned()),
            });
        }
        self.open.push(Open { start, anchor, map, children: Vec::new() });
        Ok(())
    }

    fn close(&mut self, end: usize) -> Result<(), Fault> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let size = open.children.iter().fold(1, |size: usize, child| size.saturating_add(self.nodes[*child].size));
        let value = if open.map {
            let entries: Vec<_> = open.children.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
            self.look_for_doubles(&entries);
            Value::Map(entries)
        } else {
            Value::List(open.children)
        };
        self.add(value, open.start..end.max(open.start), size, open.anchor)
    }

    fn add(&mut self, value: Value, span: Range<usize>, size: usize, anchor: usize) -> Result<(), Fault> {
        let at = self.nodes.len();
        self.nodes.push(Node { value, span, size });
        if anchor != 0 {
            self.anchors.insert(anchor, at);
        }
        self.place(at)
    }

    fn place(&mut self, at: usize) -> Result<(), Fault> {
        if self.nodes[at].size > MOST_VALUES || self.nodes.len() > MOST_VALUES {
            return Err(Fault {
                code: "too-many-values",
                span: self.nodes[at].span.clone(),
                message: format!("this document has more than {MOST_VALUES} values, aliases included"),
                suggestion: Some("split it into several files".to_owned()),
            });
        }
        match self.open.last_mut() {
            Some(open) => open.children.push(at),
            None => self.root = Some(at),
        }
        Ok(())
    }

    fn look_for_doubles(&mut self, entries: &[(usize, usize)]) {
        let mut seen: HashMap<&str, usize> = HashMap::new();
        for (key, _) in entries {
            let Value::Scalar(scalar) = &self.nodes[*key].value else { continue };
            if seen.insert(&scalar.text, *key).is_some() {
                self.faults.push(Fault {
                    code: "duplicate-key",
                    span: self.nodes[*key].span.clone(),
                    message: format!("the key `{}` stands here a second time", scalar.text),
                    suggestion: Some("keep one of them".to_owned()),
                });
            }
        }
    }
}

fn second_document(range: Range<usize>) -> Fault {
    Fault {
        code: "several-documents",
        span: range,
        message: "a second document begins here, and a file defines one thing".to_owned(),
        suggestion: Some("move it to a file of its own".to_owned()),
    }
}

fn cyclic_alias(range: Range<usize>) -> Fault {
    Fault {
        code: "cyclic-alias",
        span: range,
        message: "this alias stands inside the very thing it names".to_owned(),
        suggestion: None,
    }
}
