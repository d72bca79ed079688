-- The value of a dimension of events, as `dimension` names it; empty: it is another. One `if` beside the other: the engine takes
-- those with a constant condition out of the plan, but overlooks one right in another, with the columns that it reads.
concat
            (
                if({dimension:String} = 'type', events.type, ''),
                if({dimension:String} = 'name', events.name, ''),
                if({dimension:String} = 'host', events.host, ''),
                if({dimension:String} = 'path', events.path, ''),
                if({dimension:String} = 'path_template', events.path_template, ''),
                if({dimension:String} = 'country', events.country, ''),
                if({dimension:String} = 'region', events.region, ''),
                if({dimension:String} = 'city', events.city, ''),
                if({dimension:String} = 'asn_org', events.asn_org, ''),
                if({dimension:String} = 'browser', events.browser, ''),
                if({dimension:String} = 'browser_version', events.browser_version, ''),
                if({dimension:String} = 'os', events.os, ''),
                if({dimension:String} = 'os_version', events.os_version, ''),
                if({dimension:String} = 'device_type', events.device_type, ''),
                if({dimension:String} = 'device_brand', events.device_brand, ''),
                if({dimension:String} = 'device_model', events.device_model, ''),
                if({dimension:String} = 'language', events.language, ''),
                if({dimension:String} = 'timezone', events.timezone, ''),
                if({dimension:String} = 'user_id', events.user_id, ''),
                if({dimension:String} = 'visitor_id', toString(events.visitor_id), ''),
                if({dimension:String} = 'session_id', toString(events.session_id), '')
            )
