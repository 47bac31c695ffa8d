//! Words of other programs, as closed lists.

/// Defines an enum whose variants are another program's words for a state. A word that is not in the list becomes `Other`: what a host says is
/// never shown or compared as it comes.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
        #[serde(from = "String")]
        pub enum $name {
            $($variant,)+
            /// A word that this list does not have.
            Other,
        }

        impl From<&str> for $name {
            fn from(word: &str) -> $name {
                match word {
                    $($word => $name::$variant,)+
                    _ => $name::Other,
                }
            }
        }

        impl From<String> for $name {
            fn from(word: String) -> $name {
                $name::from(word.as_str())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(match self {
                    $($name::$variant => $word,)+
                    $name::Other => "in an unknown state",
                })
            }
        }
    };
}
pub(crate) use words;
