-- Whether `dimension` is one of sessions: what brought it, its first and last page.
{dimension:String} IN
    (
        'channel', 'source', 'medium', 'referrer_source', 'referrer_host',
        'utm_source', 'utm_medium', 'utm_campaign', 'utm_term', 'utm_content', 'entry_path', 'exit_path'
    )
