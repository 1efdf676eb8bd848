//! A node is the one it is taken for: a host key proves which machine answered, its name which server of
//! the pair that machine is meant to be. Addresses that were swapped, or a server that was cloned with
//! its keys, would otherwise get the other one's steps.

use super::{Dial, GiveUp, Link};
use crate::error::{Error, Result};
use crate::model::{BySide, Hostname, Pair, Side};
use std::sync::Arc;
use std::time::Duration;

/// Opens links, and refuses those to a host of another name.
pub struct Named {
    dial: Arc<dyn Dial>,
    names: BySide<[Hostname; 2]>,
}

impl Named {
    /// Lets `dial` reach the nodes of `pair` only.
    pub fn new(dial: Arc<dyn Dial>, pair: &Pair) -> Self {
        let names = BySide::new(|side| {
            let node = &pair.nodes[side];
            [node.hostname.clone(), node.fqdn.clone()]
        });
        Self { dial, names }
    }
}

impl Dial for Named {
    fn dial_unless(&self, side: Side, deadline: Duration, give_up: &GiveUp) -> Result<Box<dyn Link>> {
        let link = self.dial.dial_unless(side, deadline, give_up)?;
        let told = link.hello().hostname.to_ascii_lowercase();
        let names = &self.names[side];
        if names.iter().any(|name| name.as_str() == told) {
            return Ok(link);
        }
        let message = format!(
            "the host calls itself `{told}`; the pair file calls it `{}`",
            names[0]
        );
        Err(Error::refused("wrong_hostname", message)
            .on(names[0].as_str())
            .at(format!("{side}.hostname"))
            .hint("correct its address in the pair file; if the server was renamed, run `pairadm configure` with its new name"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::protocol::{Hello, Request, Response, VERSION};
    use crate::config::sample;

    struct Host(Hello);

    impl Link for Host {
        fn hello(&self) -> &Hello {
            &self.0
        }

        fn call(&mut self, _: Request, _: Duration) -> Result<Response> {
            Ok(Response::Done)
        }
    }

    /// Every address leads to the host of this name.
    struct Network(&'static str);

    impl Dial for Network {
        fn dial_unless(&self, _: Side, _: Duration, _: &GiveUp) -> Result<Box<dyn Link>> {
            Ok(Box::new(Host(Hello {
                version: VERSION.to_owned(),
                hostname: self.0.to_owned(),
                pid: 1,
                uid: 0,
            })))
        }
    }

    fn dialled(host: &'static str) -> Result<()> {
        let named = Named::new(Arc::new(Network(host)), &sample::office());
        named.dial(Side::Secondary, Duration::ZERO).map(drop)
    }

    #[test]
    fn short_and_full_name_are_the_nodes_whatever_their_case() {
        for host in ["beta", "Beta", "beta.example.net"] {
            dialled(host).unwrap();
        }
    }

    #[test]
    fn another_name_is_refused_with_both() {
        for host in ["alpha", "beta.example.org", ""] {
            let error = dialled(host).unwrap_err();
            assert_eq!(
                (error.code.as_str(), error.kind.exit_code()),
                ("wrong_hostname", 2)
            );
            assert!(error.message.contains(&format!("`{host}`")) && error.message.contains("`beta`"));
            assert!(error.hint.unwrap().contains("configure"));
        }
    }
}
