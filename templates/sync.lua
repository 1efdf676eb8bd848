-- Written by pairadm. lsyncd watches; pairadm decides what is brought over, and whether this node does it:
-- on the passive node every run ends at once.
settings {
    nodaemon = true,
    maxProcesses = 1,
}

-- What failed is tried again, but not at once: a person or the other node may have to do something first.
local command = "{{ program }} data auto-run --what sync --on-change || { sleep {{ pause }}; false; }"

local bring = {
    delay = {{ delay }},
    maxProcesses = 1,
    init = function(event)
        spawnShell(event, command)
    end,
    action = function(inlet)
        spawnShell(inlet.getEvents(), command)
    end,
    collect = function(agent, exitcode)
        if exitcode == 0 then
            return "ok"
        end
        return "again"
    end,
}

{% for directory in directories %}
sync { bring, source = "{{ directory }}" }
{% endfor %}
