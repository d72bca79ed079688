-- For WITH: whether an event is the nth of the steps that `asked` lists: page:/pricing, page:/docs/*, event:signup, type:login.
arrayMap(step -> substring(step, 1, position(step, ':') - 1), asked) AS kinds,
    arrayMap(step -> replaceAll(replaceRegexpAll(substring(step, position(step, ':') + 1), '[\\\\%_]', '\\\\\\0'), '*', '%'), asked) AS patterns,
    (nth) ->
        if(nth > length(asked), false,
        if(kinds[nth] = 'page', type = 'page_view' AND (path LIKE patterns[nth] OR path_template LIKE patterns[nth]),
        if(kinds[nth] = 'event', name != '' AND name LIKE patterns[nth],
        if(kinds[nth] = 'type', type LIKE patterns[nth], false)))) AS happens
