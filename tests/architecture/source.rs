//! Rust source as far as the rules need it: which paths stand on which line.

/// A path as it is used: `std::fs::read`, `println!`, or one leaf of a `use` tree, written out.
pub struct Used {
    /// The line it stands on, from 1.
    pub line: usize,
    /// Its parts; `*` for a glob, a macro's name with its `!`.
    pub path: Vec<String>,
}

/// The source with comments and the content of texts blanked out, line by line as it was.
pub fn code(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = end_of_blank(&chars, at);
        if end == at {
            code.push(chars[at]);
            at += 1;
        } else {
            code.extend(chars[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
            at = end;
        }
    }
    code
}

/// Where the comment, text or character that begins at `at` ends; `at` itself when none begins there.
fn end_of_blank(chars: &[char], at: usize) -> usize {
    let rest = &chars[at..];
    let inside_name = at > 0 && is_name(chars[at - 1]);
    match rest {
        ['/', '/', ..] => at + rest.iter().position(|c| *c == '\n').unwrap_or(rest.len()),
        ['/', '*', ..] => at + block_comment(rest),
        ['"', ..] => at + quoted(rest, 1),
        ['b' | 'c', '"', ..] if !inside_name => at + quoted(rest, 2),
        ['r' | 'b' | 'c', ..] if !inside_name => at + raw(rest),
        ['\'', '\\', ..] => at + 3 + rest[3..].iter().position(|c| *c == '\'').map_or(rest.len() - 3, |end| end + 1),
        ['\'', _, '\'', ..] => at + 3,
        _ => at,
    }
}

fn block_comment(rest: &[char]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match rest[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn quoted(rest: &[char], from: usize) -> usize {
    let mut at = from;
    while at < rest.len() {
        match rest[at] {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// The length of a raw text such as `r#"…"#`, or zero.
fn raw(rest: &[char]) -> usize {
    let prefix = rest.iter().take_while(|c| matches!(c, 'r' | 'b' | 'c')).count();
    let hashes = rest[prefix..].iter().take_while(|c| **c == '#').count();
    if prefix > 2 || rest[prefix - 1] != 'r' || rest.get(prefix + hashes) != Some(&'"') {
        return 0;
    }
    let ends = |at: &usize| rest[*at] == '"' && (1..=hashes).all(|n| rest.get(at + n) == Some(&'#'));
    let begin = prefix + hashes + 1;
    (begin..rest.len()).find(ends).map_or(rest.len(), |end| end + 1 + hashes)
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The code with every item that only tests see blanked out.
pub fn without_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut left = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = rest.find(MARK) {
        let end = at + MARK.len() + item(&rest[at + MARK.len()..]);
        left.push_str(&rest[..at]);
        left.extend(rest[at..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        rest = &rest[end..];
    }
    left + rest
}

/// The length of the item at the beginning: to its closing brace, or to its semicolon.
fn item(code: &str) -> usize {
    let is_import = code.trim_start().starts_with("use ");
    let mut depth = 0_usize;
    for (at, c) in code.char_indices() {
        match c {
            '{' | '[' | '(' => depth += 1,
            '}' | ']' | ')' => {
                depth = depth.saturating_sub(1);
                if c == '}' && depth == 0 && !is_import {
                    return at + 1;
                }
            }
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}

/// Every path in some code.
pub fn uses(code: &str) -> Vec<Used> {
    let mut reader = Reader { chars: code.chars().collect(), at: 0, line: 1, found: Vec::new() };
    while reader.at < reader.chars.len() {
        let c = reader.chars[reader.at];
        // After a dot stands a field or a method, which is no path.
        let after_dot = reader.at > 0 && reader.chars[reader.at - 1] == '.';
        if is_name(c) && !after_dot {
            reader.path(&[]);
        } else if is_name(c) {
            reader.name();
        } else {
            reader.step();
        }
    }
    reader.found
}

struct Reader {
    chars: Vec<char>,
    at: usize,
    line: usize,
    found: Vec<Used>,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn step(&mut self) {
        if self.peek() == Some('\n') {
            self.line += 1;
        }
        self.at += 1;
    }

    fn space(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.step();
        }
    }

    fn name(&mut self) -> String {
        let begin = self.at;
        while self.peek().is_some_and(is_name) {
            self.step();
        }
        self.chars[begin..self.at].iter().collect()
    }

    fn takes_colons(&mut self) -> bool {
        let takes = self.chars[self.at..].starts_with(&[':', ':']);
        if takes {
            self.at += 2;
        }
        takes
    }

    fn push(&mut self, line: usize, path: Vec<String>) {
        self.found.push(Used { line, path });
    }

    /// Reads a path that continues `before`, and every leaf of the tree it may end in.
    fn path(&mut self, before: &[String]) {
        let line = self.line;
        let mut path = before.to_vec();
        path.push(self.name());
        while self.takes_colons() {
            match self.peek() {
                Some('{') => return self.tree(&path),
                Some('*') => {
                    path.push("*".to_owned());
                    self.step();
                    return self.push(line, path);
                }
                Some(c) if is_name(c) => path.push(self.name()),
                _ => break,
            }
        }
        if self.peek() == Some('!') && self.chars.get(self.at + 1) != Some(&'=') {
            path.last_mut().into_iter().for_each(|last| last.push('!'));
        }
        self.push(line, path);
    }

    fn tree(&mut self, before: &[String]) {
        self.step();
        loop {
            self.space();
            match self.peek() {
                Some('}') => return self.step(),
                Some('*') => {
                    let mut path = before.to_vec();
                    path.push("*".to_owned());
                    self.push(self.line, path);
                    self.step();
                }
                Some(c) if is_name(c) => self.path(before),
                Some(_) => self.step(),
                None => return,
            }
        }
    }
}
