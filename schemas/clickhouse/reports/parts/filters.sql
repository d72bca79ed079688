-- For WITH: whether a value passes what `filters` says of a name. A filter that is not given leaves no trace in the plan.
{filters:Map(String, Array(String))} AS filters,
    (name, value) ->
        if(notEmpty(filters[name]), has(filters[name], value), true)
        AND if(notEmpty(filters[concat('!', name)]), NOT has(filters[concat('!', name)], value), true) AS passes
