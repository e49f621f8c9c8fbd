-- Which rights does an A-ASSOCIATE-RQ take? The presentation contexts that it proposes, looked up in classes.map.
-- Comes after associate.lua, which has found every item whole.
local classes

core.register_init(function() classes = Map.new("/etc/guard/conf/classes.map", Map._str) end)

local function u16(s, at) return s:byte(at) * 256 + s:byte(at + 1) end

local STORAGE = "1.2.840.10008.5.1.4.1.1." -- PS3.6 A-1: most of the storage classes

local function right(uid)
  return classes:lookup(uid) or uid:sub(1, #STORAGE) == STORAGE and "store" or "none"
end

-- Of the PDU without its header, in hexadecimal. What is not in the map takes none: the archive refuses it.
core.register_converters("asked_rights", function(hex)
  local s = hex:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end)
  local found, at = {}, 69
  while at + 3 <= #s do
    local last = at + 3 + u16(s, at + 2)
    if s:byte(at) == 0x20 then
      local item = at + 8
      while item + 3 <= last do
        local stop = item + 3 + u16(s, item + 2)
        if s:byte(item) == 0x30 then found[right(s:sub(item + 4, stop))] = true end
        item = stop + 1
      end
    end
    at = last + 1
  end
  local names = {}
  for name in pairs(found) do names[#names + 1] = name end
  return table.concat(names, ",")
end)
