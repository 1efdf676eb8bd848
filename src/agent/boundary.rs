//! Named points between two effects on disk. In the program they are nothing; tests kill the process
//! at each of them in turn.

#[cfg(not(test))]
#[inline(always)]
#[allow(clippy::inline_always)] // a promise that a release has no trace of it
pub const fn reached(_: &'static str) {}

#[cfg(test)]
pub use hooked::{on_each, reached};

#[cfg(test)]
mod hooked {
    use std::cell::RefCell;

    type Hook = Box<dyn FnMut(&'static str)>;

    thread_local! {
        static HOOK: RefCell<Option<Hook>> = const { RefCell::new(None) };
    }

    /// Calls `hook` at every point that this thread reaches from now on.
    pub fn on_each(hook: impl FnMut(&'static str) + 'static) {
        HOOK.set(Some(Box::new(hook)));
    }

    /// The point `name` is reached.
    pub fn reached(name: &'static str) {
        HOOK.with_borrow_mut(|hook| {
            if let Some(hook) = hook {
                hook(name);
            }
        });
    }
}
