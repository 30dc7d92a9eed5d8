export { emulatorAccount } from '#publishing/emulator-account.ts'
