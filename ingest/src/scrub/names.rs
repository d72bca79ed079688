//! Names of parameters whose values nobody should read in a log. Compared without case; `-` and `_` are the same.

/// What the built-in list has: passwords and what stands for them; tokens of people, sessions and services; who somebody is;
/// money. Each is what frameworks and services call it; words with many meanings (`key`, `id`, `user`) are left to the site's
/// own list.
const BUILT_IN: &str = "
    password passwd pass pwd passphrase passcode pin otp secret client_secret private_key old_password new_password
    password_confirmation verification_code magic

    token access_token id_token refresh_token auth_token authtoken authorization auth bearer jwt reset_token
    reset_password_token password_reset_token confirmation_token invite_token invitation_token unsubscribe_token login_token
    session_token csrf csrf_token csrfmiddlewaretoken xsrf_token authenticity_token _token api_key apikey api_token app_key
    app_secret access_key access_key_id secret_key session sessionid session_id sid phpsessid jsessionid aspsessionid
    samlresponse samlrequest assertion ticket oauth_token oauth_verifier code_verifier sig signature hmac x_amz_signature
    x_amz_credential x_amz_security_token awsaccesskeyid x_goog_signature x_goog_credential

    email e_mail mail email_address emailaddress user_email useremail customer_email mail_address phone phone_number
    phonenumber tel telephone mobile mobile_number ssn social_security_number date_of_birth birthdate dob passport tax_id

    card card_number cardnumber creditcard credit_card cc_number ccnum cvv cvc cvv2 iban account_number bic";

/// A code of OAuth is worth a login; elsewhere the word means coupons and languages.
const CODE: &str = "code";

/// Longest name that is compared.
const NAME_BYTES: usize = 48;

/// The names of one site, by their first letters. A bit for each length there keeps nearly all others from being compared.
#[derive(Debug, Default)]
pub(crate) struct Names {
    by_letter: [Letter; 32],
}

#[derive(Debug, Default)]
struct Letter {
    lengths: u64,
    /// Small letters, `_` for `-`.
    names: Vec<Box<[u8]>>,
}

impl Names {
    pub(crate) fn new(more: &[String], keep: &[String]) -> Self {
        let kept: Vec<Box<[u8]>> = keep.iter().map(|name| folded(name)).collect();
        let built_in = BUILT_IN.split_whitespace().chain([CODE]);
        let mut names = Self::default();
        for name in built_in.chain(more.iter().map(String::as_str)) {
            let name = folded(name);
            let usable = (1..=NAME_BYTES).contains(&name.len());
            if usable && !kept.contains(&name) {
                names.add(name);
            }
        }
        names
    }

    fn add(&mut self, name: Box<[u8]>) {
        if let Some(letter) = self.by_letter.get_mut(letter(&name)) {
            letter.lengths |= 1 << name.len();
            letter.names.push(name);
        }
    }

    /// Whether the value under this name has to go; `query` is where it stands.
    #[inline]
    pub(crate) fn has(&self, name: &[u8], query: &[u8]) -> bool {
        let Some(letter) = self.by_letter.get(letter(name)) else {
            return false;
        };
        let possible = name.len() <= NAME_BYTES && letter.lengths >> name.len() & 1 == 1;
        possible && letter.names.iter().any(|known| is_same(known, name)) && !is_other_code(name, query)
    }
}

/// A code that is no login.
#[cold]
fn is_other_code(name: &[u8], query: &[u8]) -> bool {
    is_same(CODE.as_bytes(), name) && memchr::memmem::find(query, b"state=").is_none()
}

/// The first letter in any case, and the same for `-` and `_`: 0 to 31.
fn letter(name: &[u8]) -> usize {
    usize::from(name.first().map_or(0, |first| fold(*first)) & 31)
}

fn is_same(known: &[u8], name: &[u8]) -> bool {
    known.len() == name.len() && known.iter().zip(name).all(|(known, byte)| *known == fold(*byte))
}

fn fold(byte: u8) -> u8 {
    if byte == b'-' {
        b'_'
    } else {
        byte.to_ascii_lowercase()
    }
}

fn folded(name: &str) -> Box<[u8]> {
    name.bytes().map(fold).collect()
}
