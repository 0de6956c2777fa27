//! A text as a page: the same words, and nothing in them is markup.

use maud::{DOCTYPE, html};

/// The text as HTML. Line ends and spaces stay as they are; each paragraph has the direction of its own script.
pub(super) fn page(subject: &str, text: &str) -> String {
    let page = html! {
        (DOCTYPE)
        html {
            head {
                meta charset="utf-8";
                title { (subject) }
            }
            body {
                div dir="auto" style="white-space: pre-wrap; font-family: sans-serif" { (text) }
            }
        }
    };
    page.into_string()
}

#[cfg(test)]
mod tests {
    use super::page;

    #[test]
    fn nothing_in_the_text_is_markup() {
        let page = page("<title>", "<script>alert(1)</script> & \"'><img src=x onerror=y>\n</div>");
        assert!(page.contains("<title>&lt;title&gt;</title>"), "{page}");
        assert!(
            page.contains(
                "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;'&gt;&lt;img src=x onerror=y&gt;\n&lt;/div&gt;"
            ),
            "{page}"
        );
    }
}
