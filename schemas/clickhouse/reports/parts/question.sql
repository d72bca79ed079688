-- The parameters of a block that is asked the same as the report itself.
site = {site:String},
            since = {since:DateTime64(3, 'UTC')},
            until = {until:DateTime64(3, 'UTC')},
            bots = {bots:UInt8},
            filters = {filters:Map(String, Array(String))}
