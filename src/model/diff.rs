//! Unified diffs as plans and conflicts show them.

use diffy::DiffOptions;

/// What turns `old` into `new` with three lines of context around each change; empty when they are equal.
/// `names` are those of the header.
pub fn unified(names: [&str; 2], old: &str, new: &str) -> String {
    let [before, after] = names.map(str::to_owned);
    let patch = DiffOptions::new()
        .set_original_filename(before)
        .set_modified_filename(after)
        .create_patch(old, new);
    if patch.hunks().is_empty() {
        return String::new();
    }
    patch.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_has_a_header_and_three_lines_around_the_change() {
        let diff = unified(["/etc/hosts", "found"], "1\n2\n3\n4\n5\n", "1\n2\n3\n4\nfive\n");
        assert_eq!(
            diff,
            "--- /etc/hosts\n+++ found\n@@ -2,4 +2,4 @@\n 2\n 3\n 4\n-5\n+five\n"
        );
        assert_eq!(unified(["a", "b"], "same\n", "same\n"), "");
    }

    #[test]
    fn a_missing_last_newline_is_told() {
        assert!(unified(["a", "b"], "x\n", "x").ends_with("+x\n\\ No newline at end of file\n"));
    }
}
