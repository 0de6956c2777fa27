//! Numbers in the text format that Prometheus reads (version 0.0.4).

use std::fmt::Write as _;

use crate::ground::plain_line;

/// The media type of the format.
pub const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// One number and its labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Point<'a> {
    /// Names and values; the names are ours, the values anybody's.
    pub labels: Vec<(&'static str, &'a str)>,
    /// The number.
    pub value: f64,
}

/// A page of metrics. Each metric is added once, with all of its numbers.
#[derive(Debug, Default)]
pub struct Metrics {
    text: String,
}

impl Metrics {
    /// Adds a number that goes up and down. One without points is left out.
    pub fn gauge<'a>(&mut self, name: &str, help: &str, points: impl IntoIterator<Item = Point<'a>>) {
        self.add("gauge", name, help, points);
    }

    /// Adds a number that only goes up, or starts again from 0. Its name ends in `_total`.
    pub fn counter<'a>(&mut self, name: &str, help: &str, points: impl IntoIterator<Item = Point<'a>>) {
        self.add("counter", name, help, points);
    }

    /// The page.
    pub fn text(self) -> String {
        self.text
    }

    fn add<'a>(&mut self, kind: &str, name: &str, help: &str, points: impl IntoIterator<Item = Point<'a>>) {
        let mut points = points.into_iter().peekable();
        if points.peek().is_some() {
            let help = plain_line(help).replace('\\', r"\\");
            let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        }
        for Point { labels, value } in points {
            self.text.push_str(name);
            for (place, (label, text)) in labels.iter().enumerate() {
                self.text.push(if place == 0 { '{' } else { ',' });
                let _ = write!(self.text, "{label}=\"");
                self.escape(text);
                self.text.push('"');
            }
            self.text.push_str(if labels.is_empty() { " " } else { "} " });
            self.number(value);
        }
    }

    fn escape(&mut self, text: &str) {
        for c in plain_line(text).chars() {
            if matches!(c, '\\' | '"') {
                self.text.push('\\');
            }
            self.text.push(c);
        }
    }

    fn number(&mut self, value: f64) {
        let _ = match value {
            f64::INFINITY => writeln!(self.text, "+Inf"),
            f64::NEG_INFINITY => writeln!(self.text, "-Inf"),
            value => writeln!(self.text, "{value}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::{Metrics, Point};

    #[test]
    fn a_label_stays_a_label() {
        let mut metrics = Metrics::default();
        let value = "a\"} 1\nevil 2 \\ \u{1b}[2J";
        metrics.gauge("opsctl_x", "Back\\slash\nand line.", [Point { labels: vec![("probe", value)], value: 0.25 }]);
        metrics.counter("opsctl_y_total", "Y.", [Point { labels: vec![], value: f64::INFINITY }]);
        metrics.gauge("opsctl_none", "None.", []);
        insta::assert_snapshot!(metrics.text(), @r#"
        # HELP opsctl_x Back\\slash and line.
        # TYPE opsctl_x gauge
        opsctl_x{probe="a\"} 1 evil 2 \\ "} 0.25
        # HELP opsctl_y_total Y.
        # TYPE opsctl_y_total counter
        opsctl_y_total +Inf
        "#);
    }
}
