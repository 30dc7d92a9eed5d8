/** The guest's first network card has the address that QEMU gives it; metadata that names cards name this one. */
export const guestMac = '52:54:00:12:34:56'
