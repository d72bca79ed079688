-- The value of a dimension of sessions, from `matched_sessions`; see `event_value`.
concat
            (
                if({dimension:String} = 'channel', channel, ''),
                if({dimension:String} = 'source', source, ''),
                if({dimension:String} = 'medium', medium, ''),
                if({dimension:String} = 'referrer_source', referrer_source, ''),
                if({dimension:String} = 'referrer_host', referrer_host, ''),
                if({dimension:String} = 'utm_source', utm_source, ''),
                if({dimension:String} = 'utm_medium', utm_medium, ''),
                if({dimension:String} = 'utm_campaign', campaign, ''),
                if({dimension:String} = 'utm_term', utm_term, ''),
                if({dimension:String} = 'utm_content', utm_content, ''),
                if({dimension:String} = 'entry_path', entry_path, ''),
                if({dimension:String} = 'exit_path', exit_path, '')
            )
