//! Markdown as it is read in a terminal.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use super::look::{Look, Style, paint};
use super::wrap::{columns, flow};
use crate::ground::{plain, plain_line};

/// However deep the nesting, this many columns are left for text.
const NARROWEST: usize = 20;

/// Markdown as text for a terminal; ends with a newline unless it is empty.
pub fn render(look: Look, markdown: &str) -> String {
    let mut page = Page { look, ..Page::default() };
    for event in Parser::new_ext(markdown, Options::ENABLE_TASKLISTS | Options::ENABLE_STRIKETHROUGH) {
        page.take(event);
    }
    page.flush();
    page.text
}

struct Page {
    look: Look,
    text: String,
    /// The paragraph being read.
    pieces: Vec<(String, Option<Style>)>,
    styles: Vec<Style>,
    /// The number of the next item of each open list; None for bullets.
    lists: Vec<Option<u64>>,
    margins: Vec<Margin>,
    /// Where each open link leads, and which piece its text begins with.
    links: Vec<(String, usize)>,
    in_code: bool,
}

/// What stands before a line: once, and then on the lines that follow.
struct Margin {
    first: Option<String>,
    rest: String,
}

impl Default for Page {
    fn default() -> Self {
        Self {
            look: Look::PLAIN,
            text: String::new(),
            pieces: Vec::new(),
            styles: Vec::new(),
            lists: Vec::new(),
            margins: Vec::new(),
            links: Vec::new(),
            in_code: false,
        }
    }
}

impl Page {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            // Entities may stand for control characters, so cleaning comes after parsing.
            Event::Text(text) if self.in_code => self.code(&plain(&text)),
            Event::Text(text) | Event::InlineHtml(text) | Event::Html(text) => self.inline(&plain_line(&text), None),
            Event::Code(text) if self.look.colour => self.inline(&plain_line(&text), Some(Style::Command)),
            Event::Code(text) => self.inline(&format!("`{}`", plain_line(&text)), None),
            Event::SoftBreak => self.inline(" ", None),
            Event::HardBreak => self.inline("\n", None),
            Event::Rule => {
                self.gap();
                self.line(&"─".repeat(self.room().min(40)));
            }
            Event::TaskListMarker(done) => self.inline(if done { "[x] " } else { "[ ] " }, None),
            Event::FootnoteReference(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                self.inline(&plain_line(&text), None);
            }
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph | Tag::HtmlBlock => self.gap(),
            Tag::Heading { .. } => {
                self.gap();
                self.styles.push(Style::Heading);
            }
            Tag::BlockQuote(_) => {
                self.gap();
                self.margins.push(Margin { first: None, rest: "│ ".to_owned() });
            }
            Tag::CodeBlock(kind) => {
                self.gap();
                self.in_code = true;
                let indent =
                    if matches!(kind, CodeBlockKind::Fenced(_) | CodeBlockKind::Indented) { "    " } else { "" };
                self.margins.push(Margin { first: None, rest: indent.to_owned() });
            }
            Tag::List(first) => {
                if self.lists.is_empty() {
                    self.gap();
                } else {
                    self.flush();
                }
                self.lists.push(first);
            }
            Tag::Item => {
                self.flush();
                let bullet = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number += 1;
                        format!("{}. ", *number - 1)
                    }
                    _ => "- ".to_owned(),
                };
                let rest = " ".repeat(bullet.len());
                self.margins.push(Margin { first: Some(bullet), rest });
            }
            Tag::Emphasis => self.styles.push(Style::Stress),
            Tag::Strong => self.styles.push(Style::Strong),
            Tag::Strikethrough => self.styles.push(Style::Faint),
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                self.links.push((plain_line(&dest_url), self.pieces.len()));
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::HtmlBlock => self.flush(),
            TagEnd::Heading(_) => {
                self.flush();
                self.styles.pop();
            }
            TagEnd::CodeBlock => {
                self.in_code = false;
                self.margins.pop();
            }
            TagEnd::Item => {
                self.flush();
                // An item without text still shows its bullet.
                if self.margins.last().is_some_and(|margin| margin.first.is_some()) {
                    self.line("");
                }
                self.margins.pop();
            }
            TagEnd::BlockQuote(_) => {
                self.flush();
                self.margins.pop();
            }
            TagEnd::List(_) => {
                self.lists.pop();
            }
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough => {
                self.styles.pop();
            }
            TagEnd::Link | TagEnd::Image => self.end_link(),
            _ => {}
        }
    }

    fn end_link(&mut self) {
        let Some((url, begin)) = self.links.pop() else { return };
        let text: String = self.pieces[begin..].iter().map(|(text, _)| text.as_str()).collect();
        if text.is_empty() {
            self.inline(&url, None);
        } else if text != url && format!("mailto:{text}") != url {
            self.inline(&format!(" ({url})"), Some(Style::Faint));
        }
    }

    fn inline(&mut self, text: &str, style: Option<Style>) {
        self.pieces.push((text.to_owned(), style.or(self.styles.last().copied())));
    }

    fn code(&mut self, text: &str) {
        for line in text.trim_end_matches('\n').split('\n') {
            self.line(&paint(self.look, Style::Command, line));
        }
    }

    /// Ends what is being read and leaves a blank line before what follows.
    fn gap(&mut self) {
        self.flush();
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    fn flush(&mut self) {
        let pieces = std::mem::take(&mut self.pieces);
        if !pieces.is_empty() {
            for line in flow(Look { width: self.room(), ..self.look }, &pieces) {
                self.line(&line);
            }
        }
    }

    fn room(&self) -> usize {
        let margin: usize = self.margins.iter().map(|margin| columns(&margin.rest)).sum();
        self.look.width.saturating_sub(margin).max(NARROWEST)
    }

    fn line(&mut self, line: &str) {
        let mut whole = String::new();
        for margin in &mut self.margins {
            whole.push_str(&margin.first.take().unwrap_or_else(|| margin.rest.clone()));
        }
        whole.push_str(line);
        self.text.push_str(whole.trim_end());
        self.text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::render;
    use crate::view::look::Look;

    #[test]
    fn instructions_are_readable_without_colour() {
        let text = "# Check it\n\nOpen the *dashboard* of **Supabase** and look at `pool`,\nthen [the docs](https://example.org).\n\
                    Or <https://example.org>.\n\n- first\n- second that goes on and on\n  1. one\n  2. two\n- [x] done\n\n\
                    ```bash\npsql \"$URL\" -c 'SELECT 1'\n\necho   done\n```\n\n> careful\n";
        insta::assert_snapshot!(render(Look { width: 30, colour: false }, text), @r#"
        Check it

        Open the dashboard of Supabase
        and look at `pool`, then the
        docs (https://example.org). Or
        https://example.org.

        - first
        - second that goes on and on
          1. one
          2. two
        - [x] done

            psql "$URL" -c 'SELECT 1'

            echo   done

        │ careful
        "#);
    }

    #[test]
    fn items_with_paragraphs_and_code_keep_their_margin() {
        let text = "1. first\n\n   more\n\n   ```\n   code\n   ```\n2. second\n3.\n";
        insta::assert_snapshot!(render(Look::PLAIN, text), @"
        1. first

           more

               code

        2. second
        3.
        ");
    }

    #[test]
    fn no_control_characters_come_through_entities() {
        for text in ["a&#27;[2Jb \u{1b}]0;t\u{7}", "```\na\u{1b}[2J\n```", "[x](<a\u{1b}[2J&#x9b;1A>)", "`\u{9b}2J`"] {
            let shown = render(Look::PLAIN, text);
            assert!(shown.chars().all(|c| c == '\n' || !c.is_control()), "{shown:?}");
        }
    }

    #[test]
    fn colour_is_used_when_there_is_some() {
        let look = Look { width: 80, colour: true };
        assert_eq!(render(look, "**a** `b`"), "\u{1b}[1ma\u{1b}[0m \u{1b}[36mb\u{1b}[0m\n");
        assert_eq!(render(look, ""), "");
    }
}
