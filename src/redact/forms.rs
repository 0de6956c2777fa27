//! The forms in which one secret may appear.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

/// Below this many bytes an encoded secret is too short to tell from ordinary text.
const ENOUGH: usize = 4;

/// Everything that gives the secret away, each form once; nothing for a secret of line breaks only.
pub fn of(secret: &str) -> BTreeSet<String> {
    let secret = secret.trim_matches(['\r', '\n']);
    let mut forms = BTreeSet::new();
    add(&mut forms, secret);
    if secret.contains(['\r', '\n']) {
        let lines = secret.split(['\r', '\n']).map(str::trim);
        lines.filter(|line| line.chars().count() >= ENOUGH).for_each(|line| add(&mut forms, line));
        // Cleaned output has plain newlines.
        add(&mut forms, &secret.replace("\r\n", "\n"));
    }
    forms.remove("");
    forms
}

fn add(forms: &mut BTreeSet<String>, secret: &str) {
    forms.insert(secret.to_owned());
    forms.extend(percent(secret));
    forms.extend(json(secret));
    forms.extend(shell(secret));
    if secret.len() >= ENOUGH {
        forms.extend(base64(secret.as_bytes()));
        forms.extend(hex(secret.as_bytes()));
    }
}

/// What the encoders in use leave alone besides letters and digits: RFC 3986, Python, JavaScript (two), HTML forms.
const KEPT: [&str; 5] = ["-._~", "-._~/", "-._~!'()*", "-._~!'()*;/?:@&=+$,#", "-._*"];

fn percent(secret: &str) -> impl Iterator<Item = String> {
    KEPT.iter().flat_map(move |kept| {
        let encode = |upper: bool, plus: bool| {
            secret.bytes().fold(String::new(), |mut out, byte| {
                match byte {
                    b' ' if plus => out.push('+'),
                    _ if byte.is_ascii_alphanumeric() || kept.as_bytes().contains(&byte) => out.push(byte.into()),
                    _ if upper => _ = write!(out, "%{byte:02X}"),
                    _ => _ = write!(out, "%{byte:02x}"),
                }
                out
            })
        };
        [encode(true, false), encode(false, false), encode(true, true), encode(false, true)]
    })
}

/// What of the base64 text depends on the secret alone, for its three possible places in a group of three bytes; and
/// the same up to the padding, for a secret that ends the encoded text.
fn base64(secret: &[u8]) -> Vec<String> {
    let mut forms = Vec::new();
    for before in 0..3 {
        let mut bytes = vec![0; before];
        bytes.extend_from_slice(secret);
        let (first, end) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
        for encoded in [STANDARD.encode(&bytes), URL_SAFE.encode(&bytes)] {
            let unpadded = encoded.trim_end_matches('=');
            forms.extend([&encoded[first..end], &unpadded[first..], &encoded[first..]].map(str::to_owned));
        }
    }
    forms
}

fn hex(secret: &[u8]) -> [String; 2] {
    let lower = secret.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    });
    [lower.to_uppercase(), lower]
}

/// The inside of a JSON string, as the serialisers in use write it.
fn json(secret: &str) -> Vec<String> {
    let mut forms = Vec::new();
    for slash in [false, true] {
        for html in [false, true] {
            for ascii in [false, true] {
                let form = json_inside(secret, slash, html, ascii);
                forms.push(upper_escapes(&form));
                forms.push(form);
            }
        }
    }
    forms
}

fn json_inside(secret: &str, slash: bool, html: bool, ascii: bool) -> String {
    let mut out = String::new();
    for c in secret.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '/' if slash => out.push_str("\\/"),
            c if c < ' ' || (html && "<>&'".contains(c)) || (ascii && !c.is_ascii()) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            c => out.push(c),
        }
    }
    out
}

/// The same with the hexadecimal digits of `\u00e4` in capitals.
fn upper_escapes(form: &str) -> String {
    let mut out = String::new();
    let mut rest = form;
    while let Some(at) = rest.find('\\') {
        let end = at + if rest[at + 1..].starts_with('u') { 6 } else { 2 };
        out.push_str(&rest[..(at + 2).min(end)]);
        out.push_str(&rest[at + 2..end].to_uppercase());
        rest = &rest[end..];
    }
    out + rest
}

/// The inside of shell words: single quotes (two ways), double quotes, backslashes, and `$'…'`.
fn shell(secret: &str) -> [String; 5] {
    let escaped = |specials: &str| {
        secret.chars().fold(String::new(), |mut out, c| {
            if specials.contains(c) {
                out.push('\\');
            }
            out.push(c);
            out
        })
    };
    [
        secret.replace('\'', r"'\''"),
        secret.replace('\'', r#"'"'"'"#),
        escaped("\"$`\\"),
        escaped(" \t!\"#$&'()*,;<=>?[\\]^`{|}~"),
        escaped("'\\").replace('\n', "\\n").replace('\r', "\\r").replace('\t', "\\t"),
    ]
}
