//! Completion scripts.

use super::tool::Tool;

#[test]
fn every_shell_gets_a_script_that_knows_the_commands() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let said = Tool::new().run(&["completions", shell]);
        assert_eq!((said.code, said.stderr.as_str()), (0, ""), "{shell}");
        for word in ["takeover", "peer-lost", "accept-host-key"] {
            assert!(said.stdout.contains(word), "{shell} lacks {word}");
        }
    }
}

#[test]
fn bash_takes_the_script() {
    let script = Tool::new().run(&["completions", "bash"]).stdout;
    let status = std::process::Command::new("bash")
        .args(["-n", "-c", &script])
        .status()
        .unwrap();
    assert!(status.success());
}
