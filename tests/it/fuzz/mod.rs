//! The bodies of the fuzz targets with random bytes, so that they are run wherever tests are.

#[path = "../../fuzz/bodies.rs"]
mod bodies;

use proptest::prelude::*;

/// Bytes that get far enough to matter: made of what the target knows, with anything in between.
fn bytes_of(words: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let word = proptest::sample::select(words).prop_map(|word| word.as_bytes().to_vec());
    let piece = prop_oneof![8 => word, 1 => any::<Vec<u8>>(), 1 => any::<u8>().prop_map(|byte| vec![byte])];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

const ADDRESSES: &[&str] = &[
    "1.1.1.1",
    "10.0.0.1",
    "10.0.0.0",
    "/8",
    "/64",
    "::1",
    "1::",
    "::ffff:",
    ":",
    "::",
    ".",
    "0",
    "1",
    "a",
    "%40",
    "\\n",
    " ",
    "[",
    "]",
    "1:2:3:4:5:6:7:8",
    "\n",
];

const CSV: &[&str] = &[
    "from,to,note\n",
    "10.0.0.1",
    "10.0.0.2",
    "::1",
    "10.0.0.0/8",
    ",",
    ",,",
    "\n",
    "\r\n",
    "\"",
    "'",
    "=1",
    "+49",
    "\u{feff}",
];

const TOML: &[&str] = &[
    "[[address]]\n",
    "from = ",
    "to = ",
    "note = ",
    "\"10.0.0.1\"",
    "'10.0.0.2'",
    "\"::1\"",
    "\"\"\"",
    "\n",
    "\r\n",
    " ",
    "# x\n",
    "address = [",
    "{",
    "}",
    "]",
    ",",
    "from.x = 1",
];

proptest! {
    #[test]
    fn scanner(bytes in bytes_of(ADDRESSES)) {
        bodies::scanner(&bytes);
    }

    #[test]
    fn csv(rest in bytes_of(CSV)) {
        bodies::csv(&rest);
        bodies::csv(&[CSV[0].as_bytes(), &rest].concat());
    }

    #[test]
    fn table(bytes in bytes_of(TOML)) {
        bodies::table(&bytes);
    }
}
