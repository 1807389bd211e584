// The plan, the function app on it, and its code when a package is given.

import { TextByName } from 'types.bicep'

@description('Name of the function app, unique in Azure: its host name begins with it.')
param appName string

@description('Name of the plan.')
param planName string

@description('Where both are.')
param location string

@description('What the app runs on.')
@allowed([
  'FlexConsumption'
  'Dedicated'
])
param hostingPlan string

@description('Size of a Dedicated plan.')
param dedicatedSkuName string

@description('Instances of Flex Consumption that always wait for orchestrations.')
param alwaysReadyInstances int

@description('Instances of Flex Consumption at most.')
param maximumInstanceCount int

@description('Id of the identity that the app acts as.')
param identityId string

@description('Container, as a URL, of the package that an app on Flex Consumption runs from.')
param packageContainerUrl string

@description('Application settings by name.')
param settings TextByName

@description('URL of the package to run, which the platform reads once. Empty: the code stays as it is.')
@secure()
param packageUri string

@description('Tags of both.')
param tags TextByName

var isFlex = hostingPlan == 'FlexConsumption'
var pythonVersion = '3.11'

var flexProperties = {
  functionAppConfig: {
    deployment: {
      storage: {
        type: 'blobContainer'
        value: packageContainerUrl
        authentication: {
          type: 'UserAssignedIdentity'
          userAssignedIdentityResourceId: identityId
        }
      }
    }
    runtime: {
      name: 'python'
      version: pythonVersion
    }
    scaleAndConcurrency: {
      alwaysReady: alwaysReadyInstances == 0
        ? []
        : [
            {
              name: 'durable'
              instanceCount: alwaysReadyInstances
            }
          ]
      instanceMemoryMB: 2048
      maximumInstanceCount: maximumInstanceCount
    }
  }
}

// Flex Consumption refuses what follows: there functionAppConfig says the same, and there is no FTP.
var dedicatedConfig = {
  alwaysOn: true
  ftpsState: 'Disabled'
  linuxFxVersion: 'Python|${pythonVersion}'
  scmMinTlsVersion: '1.2'
}

var dedicatedSettings = {
  FUNCTIONS_EXTENSION_VERSION: '~4'
  FUNCTIONS_WORKER_RUNTIME: 'python'
  WEBSITE_RUN_FROM_PACKAGE: '1'
}

resource plan 'Microsoft.Web/serverfarms@2023-12-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'linux'
  sku: {
    name: isFlex ? 'FC1' : dedicatedSkuName
  }
  properties: {
    reserved: true
  }
}

resource app 'Microsoft.Web/sites@2023-12-01' = {
  name: appName
  location: location
  tags: tags
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    keyVaultReferenceIdentity: identityId
    siteConfig: {
      minTlsVersion: '1.2'
      ...(isFlex ? {} : dedicatedConfig)
      appSettings: map(items({ ...settings, ...(isFlex ? {} : dedicatedSettings) }), setting => {
        name: setting.key
        value: setting.value
      })
    }
    ...(isFlex ? flexProperties : {})
  }
}

// App Service asks for the location of a site's children too, which Bicep's types leave out.
resource ftpPublishing 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2023-12-01' = {
  parent: app
  name: 'ftp'
  #disable-next-line BCP187
  location: location
  properties: {
    allow: false
  }
}

resource scmPublishing 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2023-12-01' = {
  parent: app
  name: 'scm'
  #disable-next-line BCP187
  location: location
  properties: {
    allow: false
  }
}

resource flexCode 'Microsoft.Web/sites/extensions@2023-12-01' = if (isFlex && !empty(packageUri)) {
  parent: app
  name: 'onedeploy'
  #disable-next-line BCP187
  location: location
  #disable-next-line BCP187 // The types leave out what onedeploy takes, and below that there is ZipDeploy.
  properties: {
    packageUri: packageUri
    remoteBuild: false
  }
  dependsOn: [
    ftpPublishing
    scmPublishing
  ]
}

resource dedicatedCode 'Microsoft.Web/sites/extensions@2023-12-01' = if (!isFlex && !empty(packageUri)) {
  parent: app
  #disable-next-line BCP088
  name: 'ZipDeploy'
  properties: {
    packageUri: packageUri
  }
  dependsOn: [
    ftpPublishing
    scmPublishing
  ]
}

@description('Where the API is.')
output apiUrl string = 'https://${app.properties.defaultHostName}/api'
